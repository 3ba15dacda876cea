import type { Command } from "commander";
import type { BackingUp, Restoring } from "./backup.ts";
import type { CliDeps } from "./deps.ts";
import { NODE_DEFAULT } from "./node-url.ts";

/** The commands that copy a node's data out and in. */
export function addBackup(program: Command, deps: CliDeps): void {
  const own = (name: string, description: string, example: string) =>
    program
      .command(name)
      .description(description)
      .argument("<file>", "the backup")
      .option("--config <file>", "configuration file")
      .option("--data <folder>", "where the node keeps its key and state")
      .option("--json", "one JSON document")
      .addHelpText("after", `\nExample:\n  ${example}`);
  own("backup", "copies this node's data, its key included", "sudo watercooler backup pi.backup")
    .option("--force", "replace the file if it is there")
    .option("--without-history", "leave out past readings")
    .option(
      "--node <url>",
      `the running node (default: by its configuration, else ${NODE_DEFAULT})`,
    )
    .action(async (file: string, options: BackingUp) =>
      (await import("./backup.ts")).backup(deps, file, options),
    );
  own("restore", "puts a backup in an empty data folder", "sudo watercooler restore pi.backup")
    .option("--force", "move the node that is there aside")
    .option("--with-config", "put the backup's configuration in its place too")
    .action(async (file: string, options: Restoring) =>
      (await import("./backup.ts")).restore(deps, file, options),
    );
}
