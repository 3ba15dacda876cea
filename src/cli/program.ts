import { readFileSync } from "node:fs";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { type CliDeps, CliError, EXIT } from "./deps.ts";
import { ask, DEFAULT_NODE, nodeUrl } from "./http.ts";

interface AskOptions {
  readonly node: string;
  readonly json?: true;
}

/** The most nodes that a demo runs on one machine. */
const DEMO_NODES_MAX = 32;

/** Runs one command line. Gives the exit code; prints at most one line for a mistake. */
export async function runCli(argv: readonly string[], deps: CliDeps): Promise<number> {
  let code: number = EXIT.done;
  const program = createProgram(deps, (result) => {
    code = result;
  });
  try {
    await program.parseAsync([...argv], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (!(error instanceof CliError)) throw error;
    for (const line of error.message.split("\n")) deps.stderr(`watercooler: ${line}\n`);
    return error.code;
  }
}

function createProgram(deps: CliDeps, finish: (code: number) => void): Command {
  const program = new Command("watercooler")
    .description("A smart-office sensor mesh: no server, no hub, no cloud.")
    .version(deps.version)
    .exitOverride()
    .configureOutput({
      writeOut: deps.stdout,
      writeErr: deps.stderr,
      outputError: (text, write) => write(text.replace(/^error: /, "watercooler: ")),
    })
    .showHelpAfterError('See "watercooler --help".');
  addRunning(program, deps, finish);
  addAsking(program, deps);
  addTools(program, deps);
  for (const command of program.commands) command.exitOverride().copyInheritedSettings(program);
  return program;
}

function addRunning(program: Command, deps: CliDeps, finish: (code: number) => void): void {
  program
    .command("up")
    .description("run a node in the foreground")
    .option("--config <file>", "configuration file")
    .option("--data <folder>", "where the node keeps its key and state")
    .option("--json", "print nothing but errors on standard output")
    .addHelpText("after", "\nExample:\n  watercooler up --config ./watercooler.yaml")
    .action(async ({ config: path, data }: { config?: string; data?: string }) => {
      const config = await load(deps, path);
      finish(await deps.runNode(data === undefined ? config : withData(config, data)));
    });
  program
    .command("demo")
    .description("run a small simulated office on this machine")
    .option("--nodes <n>", `how many nodes, 1 to ${DEMO_NODES_MAX}`, whole(1, DEMO_NODES_MAX), 5)
    .option("--port <p>", "first port of the dashboards", whole(1, 65_000), 8080)
    .option("--json", "print nothing but errors on standard output")
    .addHelpText("after", "\nExample:\n  watercooler demo --nodes 8")
    .action(async (options: { nodes: number; port: number }) => {
      finish(await deps.runDemo(options));
    });
}

function withData<C extends { dataDir: string; mesh: { secretFile: string } }>(
  config: C,
  dataDir: string,
): C {
  const secretFile = config.mesh.secretFile.startsWith(`${config.dataDir}/`)
    ? config.mesh.secretFile.replace(config.dataDir, dataDir)
    : config.mesh.secretFile;
  return { ...config, dataDir, mesh: { ...config.mesh, secretFile } };
}

function addAsking(program: Command, deps: CliDeps): void {
  const asking = (name: string, description: string, example: string) =>
    program
      .command(name)
      .description(description)
      .option(
        "--node <url>",
        "the node to ask",
        nodeArgument,
        deps.env.WATERCOOLER_NODE ?? DEFAULT_NODE,
      )
      .option("--json", "one JSON document")
      .addHelpText("after", `\nExample:\n  ${example}`);
  const json = (value: unknown) => deps.stdout(`${JSON.stringify(value, undefined, 2)}\n`);

  asking(
    "status",
    "this node, its neighbours, the mesh",
    "watercooler status --node 10.0.0.7:8080",
  ).action(async (options: AskOptions) => {
    const { status, statusJson } = await import("./status.ts");
    const node = nodeUrl(options.node);
    if (options.json) json(await statusJson(node));
    else await status(deps, node);
  });
  asking("rooms", "every room, now", "watercooler rooms --json").action(
    async (options: AskOptions) => {
      const node = nodeUrl(options.node);
      if (options.json) return json(await ask(node, "/v1/rooms"));
      await (await import("./rooms.ts")).rooms(deps, node);
    },
  );
  asking("room", "one room, now", "watercooler room meeting-room")
    .argument("<room>")
    .action(async (name: string, options: AskOptions) => {
      const node = nodeUrl(options.node);
      if (options.json) return json(await ask(node, `/v1/rooms/${encodeURIComponent(name)}`));
      await (await import("./rooms.ts")).room(deps, node, name);
    });
  asking("network", "the MAC-to-IP map", "watercooler network").action(
    async (options: AskOptions) => {
      const node = nodeUrl(options.node);
      if (options.json) return json(await ask(node, "/v1/network"));
      await (await import("./rooms.ts")).network(deps, node);
    },
  );
  asking("watch", "changes as they arrive; with --json a line each", "watercooler watch --room lab")
    .option("--room <room>", "only this room")
    .action(async (options: AskOptions & { room?: string }) => {
      const { watch } = await import("./watch.ts");
      const format = options.json ? "json" : "text";
      await watch(deps, { node: nodeUrl(options.node), room: options.room, format });
    });
}

function addTools(program: Command, deps: CliDeps): void {
  const config = program.command("config").description("check the configuration; print its schema");
  config
    .command("check")
    .description("check a configuration file")
    .argument("[file]")
    .option("--json", "one JSON document")
    .action(async (file: string | undefined, options: { json?: true }) => {
      const loaded = await load(deps, file);
      if (options.json) deps.stdout(`${JSON.stringify({ ok: true, config: loaded })}\n`);
      else deps.stdout("The configuration is good.\n");
    });
  config
    .command("schema")
    .description("print the JSON Schema, for completion in editors")
    .option("--json", "the same: it is JSON")
    .action(() => deps.stdout(readFileSync(deps.schemaPath, "utf8")));
  program
    .command("completion")
    .description("shell completion for bash, zsh or fish")
    .argument("<shell>")
    .option("--json", "one JSON document")
    .addHelpText("after", "\nExample:\n  watercooler completion bash > ~/.bash_completion")
    .action(async (shell: string, options: { json?: true }) => {
      const { completion } = await import("./completion.ts");
      const script = completion(program, shell);
      deps.stdout(options.json ? `${JSON.stringify({ shell, script })}\n` : script);
    });
}

async function load(deps: CliDeps, explicitPath: string | undefined) {
  const { loadConfig } = await import("../config/load.ts");
  const { env, hostname, homedir, cwd } = deps;
  const named = explicitPath === undefined ? {} : { explicitPath };
  const loaded = await loadConfig({ env, hostname, homedir, cwd, ...named });
  if (loaded.ok) return loaded.value.config;
  throw new CliError(EXIT.badConfiguration, loaded.error.join("\n"));
}

function nodeArgument(text: string): string {
  return nodeUrl(text);
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`it must be a whole number from ${min} to ${max}.`);
  };
}
