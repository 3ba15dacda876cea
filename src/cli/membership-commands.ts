import { type Command, Option } from "commander";
import type { Admitting } from "./admit.ts";
import type { Asking } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import type { Inviting } from "./invite.ts";
import { loadOrFail } from "./load-config.ts";
import { NODE_DEFAULT } from "./node-url.ts";
import type { Replacing } from "./replace.ts";
import { whole } from "./whole.ts";

/** From the API: a thousand nodes by one code. */
const USES_MAX = 1_000;
const COUNT_MAX = 200;

interface OwnOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: true;
}

interface JoinOptions extends OwnOptions {
  readonly leave?: true;
  readonly rootKey?: true;
}

/** The commands that let nodes in and put them out. */
export function addMembership(program: Command, deps: CliDeps): void {
  addAsked(program, deps);
  addOwn(program, deps);
}

/** Those that ask a member. */
function addAsked(program: Command, deps: CliDeps): void {
  const asking = (name: string, description: string, example: string) =>
    program
      .command(name)
      .description(description)
      .option("--node <url>", `the node to ask (default: $WATERCOOLER_NODE, else ${NODE_DEFAULT})`)
      .option("--json", "one JSON document")
      .addHelpText("after", `\nExample:\n  ${example}`);
  asking("invite", "lets a node in: makes a code for it", "watercooler invite --expires 1h")
    .option("--uses <n>", "nodes that may come in by it", whole(1, USES_MAX))
    .option("--expires <time>", "until when (default: 24h)")
    .option("--admin", "the node may then let others in and put them out")
    .option("--count <n>", "so many invitations, for cards written in bulk", whole(1, COUNT_MAX))
    .option("--names <file>", "one for each name in a file, as cards' configuration")
    .option("--list", "show all invitations")
    .addOption(new Option("--revoke <id>", "take one back").conflicts("list"))
    .action(async (options: Inviting) => (await import("./invite.ts")).invite(deps, options));
  asking("admit", "lets in a node that knocks", "watercooler admit 7K3F-9QPM-2VXA")
    .argument("<node>", "its fingerprint, as status shows it; with --admin also a node's name")
    .option("--admin", "it may then let others in and put them out")
    .option("--refuse", "send it away instead")
    .action(async (node: string, options: Admitting) =>
      (await import("./admit.ts")).admit(deps, node, options),
    );
  asking("forget", "puts a node out for good, with all it wrote", "watercooler forget old-pi")
    .argument("<node>", "its name, fingerprint or id")
    .action(async (node: string, options: Asking) =>
      (await import("./admit.ts")).forget(deps, node, options),
    );
  const takes = "run on a new node: takes the place of one that died";
  asking("replace", takes, "watercooler replace meeting-room-pi")
    .argument("<node>", "the old one's name, fingerprint or id")
    .option("--force", "even where it was heard of just now")
    .option("--cancel", "ask no more")
    .action(async (node: string, options: Replacing) =>
      (await import("./replace.ts")).replace(deps, node, options),
    );
}

/** Those that are about this machine's own membership. */
function addOwn(program: Command, deps: CliDeps): void {
  const own = (name: string, description: string, example: string) =>
    program
      .command(name)
      .description(description)
      .option("--config <file>", "configuration file")
      .option("--data <folder>", "where the node keeps its key and state")
      .option("--json", "one JSON document")
      .addHelpText("after", `\nExample:\n  ${example}`);
  own("join", "enters a mesh by an invitation", "watercooler join CODE 10.0.0.7")
    .argument("[code]", "the invitation's code; left out with --root-key")
    .argument("[address]", "a member's host or host:port, where the LAN does not tell")
    .option("--leave", "leave the mesh that this node is in")
    .option("--root-key", "enter by the mesh's root key, read from the terminal or a pipe")
    .action(async (code: string | undefined, address: string | undefined, options: JoinOptions) => {
      const { leave, rootKey, json } = options;
      if (code === undefined && rootKey === undefined) {
        throw new CliError(EXIT.usage, "give an invitation's code, or --root-key");
      }
      // Beside the root key there is an address alone.
      const by = rootKey ? { rootKey, address: code } : { code, address };
      const config = await configOf(deps, options);
      const joined = await deps.join(config, { ...by, leave: leave === true ? "leave" : "stay" });
      if (json) return printJson(deps, joined);
      deps.stdout(`This node is in the mesh ${joined.fingerprint} now.\n`);
      deps.stdout('Start it with "watercooler up", if it does not run yet.\n');
    });
  own("rekey", "gives a copied card an identity of its own", "watercooler rekey").action(
    async (options: OwnOptions) => {
      const made = await deps.rekey(await configOf(deps, options));
      if (options.json) return printJson(deps, made);
      deps.stdout(`This card has a new identity, ${made.fingerprint}, and is in no mesh.\n`);
      deps.stdout('Run "watercooler invite" on a member, then "watercooler join CODE" here.\n');
    },
  );
  own("root-key", "shows a new mesh's root key, until it is taken away", "watercooler root-key")
    .option("--remove", "remove it from this machine: you have it written down")
    .action(async (options: OwnOptions & { readonly remove?: true }) => {
      const act = options.remove ? "remove" : "show";
      const { key } = await deps.rootKey(await configOf(deps, options), act);
      if (options.json) return printJson(deps, { key: key ?? null, removed: act === "remove" });
      if (key === undefined) return deps.stdout("The root key is not on this machine any more.\n");
      deps.stdout(`\n    ${key}\n\nWrite it down, then: watercooler root-key --remove\n`);
    });
}

async function configOf(deps: CliDeps, { config: path, data }: OwnOptions) {
  const overrides = data === undefined ? {} : { dataDir: data };
  return (await loadOrFail(deps, path, overrides)).config;
}
