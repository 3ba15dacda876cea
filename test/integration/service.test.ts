import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { folder, PROGRAM, until, writeConfig } from "./cli-harness.ts";
import { freePorts } from "./node-process.ts";
import { type ServedNode, serve } from "./service-node.ts";

/** Told each 1.5 s then, and half of that may go by in a block or until the API answers. */
const WATCHDOG_MS = 4_500;
const BLOCK_MS = 3_000;
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
seen = b""
while b"Dashboard" not in seen:
    seen += os.read(terminal, 4096)
os.close(terminal)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

const hasSystemd = spawnSync("systemd-notify", ["--version"]).status === 0;
const skip = hasSystemd ? false : "systemd-notify is missing: apt-get install systemd";

function office(more: object = {}) {
  return {
    mesh: { listen: "127.0.0.1:0", discovery: "off" },
    api: { listen: "127.0.0.1:0" },
    neighbours: { record: "none" },
    sensors: [{ platform: "push", name: "door" }],
    ...more,
  };
}

async function read<T>(node: ServedNode, path: string): Promise<T> {
  return (await (await fetch(`${node.api}${path}`)).json()) as T;
}

function rewrite(node: ServedNode, change: object): void {
  const now = JSON.parse(readFileSync(node.config, "utf8")) as object;
  writeFileSync(node.config, JSON.stringify({ ...now, ...change }));
}

interface Health {
  readonly status: string;
  readonly checks: Readonly<Record<string, { readonly state: string; readonly detail: string }>>;
}

test("a service tells systemd how it is, and reloads", { skip }, async (context) => {
  const node = await serve(context, office({ node: { name: "desk", room: "lab" } }), WATCHDOG_MS);
  const { pid } = node.child;

  await context.test("ready means that it answers", async () => {
    const self = await read<{ room: string; id: string }>(node, "/v1/node");
    assert.equal(self.room, "lab");
    assert.match(node.log, /^<6>ready api=/m, "journald reads levels");
  });

  await context.test("it says that it lives, from its own event loop", async () => {
    await until("it is well", () => node.count("WATCHDOG=1") > 1);
    node.fault(`block ${BLOCK_MS}`);
    await until("it stood still", () => /stood still for/.test(node.status));
    const beats = node.heard.filter(({ lines }) => lines.includes("WATCHDOG=1"));
    const pauses = beats.map(({ atMs }, at) => atMs - (beats[at - 1]?.atMs ?? atMs));
    pauses.push(performance.now() - (beats.at(-1)?.atMs ?? 0));
    assert.ok(Math.max(...pauses) > BLOCK_MS * 0.9, `fed through a block: ${pauses}`);
    await until("it is well again", () => node.status === "STATUS=well again");
    assert.match(node.log, /this node is not well\b.*stood still/);
  });

  await context.test("it says nothing while its API is mute", async () => {
    node.fault("mute");
    await until("it noticed", () => /API does not answer/.test(node.status));
    const fed = node.count("WATCHDOG=1");
    node.fault("speak");
    await until("it is well again", () => node.count("WATCHDOG=1") > fed);
  });

  await context.test("a good configuration takes effect in the same process", async () => {
    const { id } = await read<{ id: string }>(node, "/v1/node");
    rewrite(node, { node: { name: "desk", room: "kitchen" }, log: { level: "debug" } });
    await node.reload();
    const self = await read<{ room: string; id: string }>(node, "/v1/node");
    assert.deepEqual([self.room, self.id], ["kitchen", id]);
    assert.equal(node.child.pid, pid);
    const order = node.heard.flatMap(({ lines }) => lines).filter((line) => /^RE/.test(line));
    assert.deepEqual(order, ["READY=1", "RELOADING=1", "READY=1"]);
  });

  await context.test("a bad one is refused, and the old one stays", async () => {
    const good = readFileSync(node.config, "utf8");
    const { api } = node;
    writeFileSync(node.config, "node:\n  rom: cellar\n");
    await node.reload();
    const says = /watercooler\.yaml:2: node\.rom: /;
    assert.match(node.status, says);
    assert.match(node.log, says);
    assert.equal(node.api, api);
    const { status, checks } = await read<Health>(node, "/v1/health");
    assert.equal(status, "degraded");
    assert.match(checks.configuration?.detail ?? "", /watercooler\.yaml:2\)/);
    assert.equal((await read<{ room: string }>(node, "/v1/node")).room, "kitchen");
    writeFileSync(node.config, good);
  });

  await context.test("one that can't be started leaves the old one running", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const taken = other.address();
    const port = taken !== null && typeof taken === "object" ? taken.port : 0;
    rewrite(node, { api: { listen: `127.0.0.1:${port}` } });
    await node.reload();
    await new Promise((resolve) => other.close(resolve));
    assert.match(node.status, /refused: port \d+ is taken by another program/);
    assert.equal((await read<{ room: string }>(node, "/v1/node")).room, "kitchen");
    rewrite(node, { api: { listen: "127.0.0.1:0" }, data: `${node.config}.elsewhere` });
    await node.reload();
    assert.match(node.status, /refused: data: \S+ needs a restart/);
  });

  await context.test("once mended it is in force, and nothing is left of the refusal", async () => {
    rewrite(node, { data: join(node.config, "..", "data") });
    await node.reload();
    const { checks } = await read<Health>(node, "/v1/health");
    assert.equal(checks.configuration, undefined);
    assert.doesNotMatch(node.status, /refused/);
  });

  await context.test("it says that it stops, and ends well", async () => {
    node.child.kill("SIGTERM");
    assert.equal(await node.ended, 0, node.log);
    await until("it said so", () => node.count("STOPPING=1") === 1);
  });
});

test("who closes the terminal ends what runs in it", async (context) => {
  const place = folder(context);
  const [port] = await freePorts(1);
  const data = join(place, "data");
  const config = writeConfig(join(place, "watercooler.yaml"), {
    data,
    ...office({ api: { listen: `127.0.0.1:${port}` } }),
  });
  const up = [process.execPath, PROGRAM, "up", "--config", config];
  const terminal = spawn("python3", ["-c", TERMINAL, ...up], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  context.after(() => terminal.kill("SIGKILL"));
  let said = "";
  terminal.stdout.on("data", (chunk) => {
    said += chunk;
  });
  await until("it has ended", () => said.includes("\n"));
  assert.equal(said.trim(), "-1", "ended by SIGHUP, and not by a failed assertion of Node's own");
});
