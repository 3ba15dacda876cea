import { Argument, type Command } from "commander";
import type { Asking } from "./asking.ts";
import type { CliDeps } from "./deps.ts";
import type { Remembering } from "./history.ts";
import type { Identifying } from "./iam.ts";
import { NODE_DEFAULT } from "./node-url.ts";
import type { Targeting } from "./target.ts";
import type { Watching } from "./watch.ts";
import type { Doubting } from "./why.ts";

/** The commands that ask a node. Each one's file is loaded when it is called. */
export function addAsking(program: Command, deps: CliDeps): void {
  const asking = (name: string, description: string, example: string) =>
    askingCommand(program, { name, description, example });

  const statusExample = "watercooler status --node 10.0.0.7:8080";
  asking("status", "this node, its neighbours, the mesh", statusExample).action(
    async (options: Asking) => (await import("./status.ts")).status(deps, options),
  );
  asking("rooms", "every room, now", "watercooler rooms --json").action(async (options: Asking) =>
    (await import("./rooms.ts")).rooms(deps, options),
  );
  asking("room", "one room, now", "watercooler room meeting-room")
    .argument("<room>", "the room's name")
    .action(async (name: string, options: Asking) =>
      (await import("./room.ts")).room(deps, name, options),
    );
  asking("network", "the MAC-to-IP map", "watercooler network").action(async (options: Asking) =>
    (await import("./network.ts")).network(deps, options),
  );
  asking("ask", "an answer to a question in plain words", 'watercooler ask "meeting room temp"')
    .argument("<question...>", "the question, with or without quotes")
    .action(async (words: readonly string[], options: Asking) =>
      (await import("./ask.ts")).ask(deps, words, options),
    );
  const whyExample = "watercooler why room meeting-room temperature";
  asking("why", "what an answer rests on: who said it, and when", whyExample)
    .addArgument(new Argument("<thing>", "what it is").choices(THINGS))
    .argument("<name>", "its name")
    .argument("[attribute]", "only this: a kind, room, version, address, ip or device")
    .option("--at <time>", "what is known of a moment, such as 2026-03-01T09:30:00Z")
    .action(async (thing: string, name: string, attribute: string | undefined, options: Doubting) =>
      (await import("./why.ts")).why(deps, { thing, name, attribute }, options),
    );
  asking("who", "who is in, since when, by which device", "watercooler who").action(
    async (options: Asking) => (await import("./who.ts")).who(deps, options),
  );
  asking("iam", "ties a device to a person, or unties it", "watercooler iam Ana 3c:22:fb:01:02:03")
    .argument("[name]", "the person")
    .argument("[mac]", "the device's MAC address")
    .option("--forget <mac>", "untie the device: no node keeps whose it was")
    .action(async (name: string | undefined, mac: string | undefined, options: Identifying) =>
      (await import("./iam.ts")).iam(deps, { name, mac }, options),
    );
  asking("target", "sets or clears a target", "watercooler target meeting-room temperature 21")
    .argument("<room>", "the room's name")
    .argument("<kind>", "temperature, humidity, ...")
    .argument("[value]", "a number; yes or no for motion and contact")
    .option("--clear", "take the target back")
    .action(async (room: string, kind: string, value: string | undefined, options: Targeting) =>
      (await import("./target.ts")).target(deps, { room, kind, value }, options),
    );
  const historyExample = "watercooler history meeting-room temperature --since 7d";
  asking("history", "a room's readings over time, drawn", historyExample)
    .argument("<room>", "the room's name")
    .argument("<kind>", "temperature, humidity, ...")
    .option("--since <span>", "how far back", "24h")
    .option("--step <span>", "what one point covers; default: what fits")
    .option("--csv", "as CSV")
    .action(async (room: string, kind: string, options: Remembering) =>
      (await import("./history.ts")).history(deps, { room, kind }, options),
    );
  asking("watch", "changes as they arrive, until Ctrl-C", "watercooler watch --room lab")
    .option("--room <room>", "only this room")
    .action(async (options: Watching) => (await import("./watch.ts")).watch(deps, options));
}

/** A command with the options of all that ask a node. */
export function askingCommand(
  program: Command,
  about: { readonly name: string; readonly description: string; readonly example: string },
): Command {
  return program
    .command(about.name)
    .description(about.description)
    .option("--node <url>", `the node to ask (default: $WATERCOOLER_NODE, else ${NODE_DEFAULT})`)
    .option("--token <token>", "a grant's token, or @FILE (default: $WATERCOOLER_TOKEN)")
    .option("--ca <file>", "the mesh's authority, for https (default: $WATERCOOLER_CA)")
    .option("--json", JSON_SAYS[about.name] ?? "one JSON document")
    .addHelpText("after", `\nExample:\n  ${about.example}`);
}

const THINGS = ["room", "node", "sensor", "device", "person"];
const JSON_SAYS: Readonly<Record<string, string>> = { watch: "one JSON line a change" };
