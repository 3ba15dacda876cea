import { Command, CommanderError } from "commander";
import { addAsking } from "./asking-commands.ts";
import { addBackup } from "./backup-commands.ts";
import { type CliDeps, CliError, EXIT } from "./deps.ts";
import { addGranting } from "./grant-commands.ts";
import { addMachine } from "./machine-commands.ts";
import { addMembership } from "./membership-commands.ts";
import { addRunning } from "./running-commands.ts";
import { addSim } from "./sim-command.ts";
import { addTools } from "./tool-commands.ts";

/** Runs one command line. Gives the exit code; a mistake is one line on standard error. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(deps, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return judge(error, deps);
    if (!(error instanceof CliError)) throw error;
    for (const line of error.message.split("\n")) deps.stderr(`watercooler: ${line}\n`);
    return error.code;
  }
}

/** All commands; `finish` is told the exit code of those that run until they are ended. */
export function createProgram(deps: CliDeps, finish: (code: number) => void): Command {
  const program = new Command("watercooler")
    .description("A smart-office sensor mesh: no server, no hub, no cloud.")
    .version(deps.version)
    .addHelpText("after", "\nExample:\n  watercooler demo")
    .exitOverride()
    // The parser's own words for a mistake take several lines: `judge` says them in one.
    .configureOutput({ writeOut: deps.stdout, writeErr: deps.stdout, outputError: () => {} });
  addRunning(program, deps, finish);
  addAsking(program, deps);
  addGranting(program, deps);
  addMembership(program, deps);
  addBackup(program, deps);
  addMachine(program, deps, finish);
  addSim(program, deps, finish);
  addTools(program, deps);
  for (const command of program.commands) {
    command.exitOverride().copyInheritedSettings(program);
    for (const sub of command.commands) sub.exitOverride().copyInheritedSettings(program);
  }
  return program;
}

function judge({ code, exitCode, message }: CommanderError, deps: CliDeps): number {
  if (exitCode === 0) return EXIT.done;
  // The help was printed because no command was named.
  const says =
    code === "commander.help"
      ? "name a command"
      : message
          .replace(/^error: /, "")
          .replace(/\s*\n\s*/g, " ")
          .replace(/[.\s]+$/, "");
  deps.stderr(`watercooler: ${says}: see "watercooler --help"\n`);
  return EXIT.usage;
}
