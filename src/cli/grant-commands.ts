import { type Command, Option } from "commander";
import { ACTIONS } from "../api/commands.ts";
import type { Asking } from "./asking.ts";
import { askingCommand } from "./asking-commands.ts";
import type { CliDeps } from "./deps.ts";
import type { Granting } from "./grant.ts";

/** The commands for what people may do. Each one's file is loaded when it is called. */
export function addGranting(program: Command, deps: CliDeps): void {
  askingCommand(program, {
    name: "grant",
    description: "lets somebody do something: prints a link and a token",
    example: "watercooler grant --can target --room meeting-room --name Ana",
  })
    .addOption(new Option("--can <action>", "what they may do").choices(Object.keys(ACTIONS)))
    .option("--room <room>", "in this room only (for target)")
    .option("--expires <span>", "12h, 7d, or never (default: 7d)")
    .option("--name <who>", "whom it is for")
    .option("--list", "list the grants that stand")
    .action(async (options: Granting) => (await import("./grant.ts")).grant(deps, options));
  askingCommand(program, {
    name: "revoke",
    description: "takes a grant back, on every node",
    example: "watercooler revoke 4kQx9TzR",
  })
    .argument("<id>", "its id, or the end of it as shown")
    .action(async (id: string, options: Asking) =>
      (await import("./grant.ts")).revoke(deps, id, options),
    );
}
