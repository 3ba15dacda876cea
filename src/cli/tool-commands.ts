import { readFileSync } from "node:fs";
import { Argument, type Command } from "commander";
import { completion, SHELLS, type Shell } from "./completion.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { loadOrFail } from "./load-config.ts";

interface CheckOptions {
  readonly config?: string;
  readonly json?: true;
}

/** The commands that ask nobody. */
export function addTools(program: Command, deps: CliDeps): void {
  const config = program
    .command("config")
    .description("check the configuration; print its schema")
    .addHelpText("after", "\nExample:\n  watercooler config check ./watercooler.yaml");
  config
    .command("check")
    .description("check a configuration file")
    .argument("[file]", "the file; default: the one that `up` would take")
    .option("--config <file>", "the same")
    .option("--json", "one JSON document, for a bad file too")
    .addHelpText("after", "\nExample:\n  watercooler config check ./watercooler.yaml")
    .action((file: string | undefined, options: CheckOptions) =>
      check(deps, file ?? options.config, options.json === true ? "json" : "text"),
    );
  config
    .command("schema")
    .description("print the JSON Schema, for completion in editors")
    .option("--json", "the same: it is JSON")
    .addHelpText("after", "\nExample:\n  watercooler config schema > watercooler.schema.json")
    .action(() => deps.stdout(readSchema(deps)));
  program
    .command("completion")
    .description("shell completion for bash, zsh or fish")
    .addArgument(new Argument("<shell>").choices(SHELLS))
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  source <(watercooler completion bash)")
    .action((shell: Shell, options: { json?: true }) => {
      const script = completion(program, shell);
      if (options.json) printJson(deps, { shell, script });
      else deps.stdout(script);
    });
}

async function check(
  deps: CliDeps,
  file: string | undefined,
  format: "text" | "json",
): Promise<void> {
  try {
    const { config, path } = await loadOrFail(deps, file);
    if (format === "json") printJson(deps, { ok: true, file: path ?? null, config, problems: [] });
    else if (path !== undefined) deps.stdout(`${path} is good.\n`);
    else deps.stdout("There is no configuration file: a node would run with all defaults.\n");
  } catch (error) {
    if (error instanceof CliError && format === "json") {
      printJson(deps, { ok: false, file: file ?? null, problems: error.message.split("\n") });
    }
    throw error;
  }
}

function readSchema({ schemaPath }: CliDeps): string {
  try {
    return readFileSync(schemaPath, "utf8");
  } catch {
    throw new CliError(EXIT.failed, `${schemaPath} is not there: run npm run build`);
  }
}
