import type { Command } from "commander";
import type { CliDeps } from "./deps.ts";
import type { Doctoring } from "./doctor.ts";
import { NODE_DEFAULT } from "./node-url.ts";

/** The commands that look at this machine. */
export function addMachine(program: Command, deps: CliDeps, finish: (code: number) => void): void {
  program
    .command("doctor")
    .description("checks this machine, each line with what to do")
    .option("--config <file>", "configuration file")
    .option("--node <url>", `the node to ask (default: $WATERCOOLER_NODE, else ${NODE_DEFAULT})`)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  watercooler doctor")
    .action(async (options: Doctoring) => {
      finish(await (await import("./doctor.ts")).doctor(deps, options));
    });
  const sensors = program
    .command("sensors")
    .description("find sensors")
    .addHelpText("after", "\nExample:\n  watercooler sensors scan");
  sensors
    .command("scan")
    .description("find sensors on this machine's buses, with the lines to paste")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  sudo watercooler sensors scan")
    .action(async (options: { json?: true }) => {
      finish(await (await import("./sensors-scan.ts")).sensorsScan(deps, options));
    });
}
