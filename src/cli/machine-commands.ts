import { type Command, InvalidArgumentError } from "commander";
import type { CliDeps } from "./deps.ts";
import type { Doctoring } from "./doctor.ts";
import { NODE_DEFAULT } from "./node-url.ts";
import type { Calibrating } from "./sensors-calibrate.ts";

/** A guess: three readings of a sensor that is read every 10 s. */
const LOOK_S_DEFAULT = 30;

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
    .description("find sensors, calibrate them")
    .addHelpText("after", "\nExample:\n  watercooler sensors scan");
  sensors
    .command("scan")
    .description("find sensors on this machine's buses, with the lines to paste")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  sudo watercooler sensors scan")
    .action(async (options: { json?: true }) => {
      finish(await (await import("./sensors-scan.ts")).sensorsScan(deps, options));
    });
  sensors
    .command("calibrate")
    .description("find the offset that makes a sensor agree with a reference beside it")
    .argument("<sensor>", "the sensor's name on its node")
    .requiredOption("--reference <value>", "what the reference says, in the sensor's unit", number)
    .option("--kind <kind>", "what is compared", "temperature")
    .option("--save", "let the node keep the offset, and the mesh with it")
    .option("--for <seconds>", "how long to look", number, LOOK_S_DEFAULT)
    .option("--node <url>", `the node to ask (default: $WATERCOOLER_NODE, else ${NODE_DEFAULT})`)
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  watercooler sensors calibrate climate --reference 21.4")
    .action(async (sensor: string, options: Calibrating) =>
      (await import("./sensors-calibrate.ts")).sensorsCalibrate(deps, sensor, options),
    );
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("it must be a number.");
}
