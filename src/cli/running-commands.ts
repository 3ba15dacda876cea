import type { Command } from "commander";
import { ok } from "../base/result.ts";
import { type CliDeps, printJson } from "./deps.ts";
import { load, loadOrFail } from "./load-config.ts";
import { API_PORT } from "./node-url.ts";
import { whole } from "./whole.ts";

/** A guess: what a laptop of 8 GB holds with room to spare. */
const DEMO_NODES_MAX = 32;
const DEMO_NODES_DEFAULT = 5;
const PORT_MAX = 65_535;

interface UpOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: true;
}

interface DemoArguments {
  readonly nodes: number;
  readonly port: number;
  readonly json?: true;
}

/** The commands that run until Ctrl-C. */
export function addRunning(program: Command, deps: CliDeps, finish: (code: number) => void): void {
  const run = (json: true | undefined) => ({
    format: json === true ? ("json" as const) : ("text" as const),
    ready: (document: object) => {
      if (json === true) printJson(deps, document);
    },
  });
  program
    .command("up")
    .description("run a node in the foreground")
    .option("--config <file>", "configuration file")
    .option("--data <folder>", "where the node keeps its key and state")
    .option("--json", "one JSON document on standard output when it is up")
    .addHelpText("after", "\nExample:\n  watercooler up --config ./watercooler.yaml")
    .action(async ({ config: path, json, data }: UpOptions) => {
      const overrides = data === undefined ? {} : { dataDir: data };
      const { config } = await loadOrFail(deps, path, overrides);
      const reload = async () => {
        const loaded = await load(deps, path, overrides);
        return loaded.ok ? ok(loaded.value.config) : loaded;
      };
      finish(await deps.runNode(config, { ...run(json), reload }));
    });
  program
    .command("demo")
    .description("run a small simulated office on this machine")
    .option(
      "--nodes <n>",
      `how many nodes, 1 to ${DEMO_NODES_MAX}`,
      whole(1, DEMO_NODES_MAX),
      DEMO_NODES_DEFAULT,
    )
    .option("--port <p>", "first port of the dashboards", whole(1, PORT_MAX), API_PORT)
    .option("--json", "one JSON document on standard output when it is up")
    .addHelpText("after", "\nExample:\n  watercooler demo --nodes 8")
    .action(async ({ nodes, port, json }: DemoArguments) => {
      finish(await deps.runDemo({ nodes, port, ...run(json) }));
    });
}
