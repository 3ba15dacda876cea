import assert from "node:assert/strict";
import { createServer } from "node:net";
import test, { type TestContext } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import {
  type Answers,
  assertFailed,
  assertNoTrace,
  fakeNode,
  refusing,
  run,
  start,
  until,
} from "./cli-harness.ts";

const ME = "did:key:z6MkAAAAAAAA1111";
const OTHER = "did:key:z6MkBBBBBBBB2222";
const reading = (value: number | boolean, unit: string) => ({
  value,
  unit,
  sensor: "lab-pi/box",
  node: ME,
  at: "2026-11-21T08:00:00.000Z",
  age_s: 3,
  stale: false,
  simulated: false,
});
const LAB = {
  room: "lab",
  readings: { temperature: reading(21.46, "degC"), motion: reading(true, "boolean") },
  targets: { temperature: { value: 21, unit: "degC", by: "anna", at: "2026-11-21T08:00:00.000Z" } },
  occupancy: { motion: true, count: null },
  advice: ["You might want to turn the AC on."],
};
const node = (id: string, name: string, state: string) => ({
  id,
  name,
  room: "lab",
  version: "0.1.0",
  addresses: ["192.0.2.7:7946"],
  api: [],
  state,
  age_s: 4,
  links: [],
});
const ANSWERS: Answers = {
  "/v1/node": {
    id: ME,
    name: "lab-pi",
    room: "lab",
    version: "0.1.0",
    sensors: [
      { name: "box", platform: "serial", kinds: ["temperature"], state: "failing", error: "gone" },
    ],
  },
  "/v1/nodes": [node(ME, "lab-pi", "alive"), node(OTHER, "kitchen-pi", "silent")],
  "/v1/mesh": {
    self: ME,
    active: [OTHER],
    digest: "0123456789abcdef",
    entries: 9,
    broadcast: { eager: [OTHER], lazy: [] },
    links: [
      { id: OTHER, address: "192.0.2.8:7946", rtt_ms: 1.25, bytes_in: 900, bytes_out: 12_000_000 },
    ],
  },
  "/v1/health": {
    status: "degraded",
    checks: {
      store: { status: "degraded", detail: "takes no writes" },
      sensors: { status: "ok", detail: "1 configured" },
    },
  },
  "/v1/rooms": [LAB],
  "/v1/rooms/lab": LAB,
  "/v1/network": [
    {
      mac: "02:00:00:00:00:01",
      ip: "192.0.2.1",
      ips: ["192.0.2.1", "192.0.2.9"],
      hostname: "printer",
      seen_by: [ME, OTHER],
      at: "2026-11-21T08:00:00.000Z",
      age_s: 30,
    },
  ],
};

const said: Readonly<Record<string, readonly RegExp[]>> = {
  status: [
    /lab-pi \(lab\) {2}1 of 2 nodes alive, digest 01234567/,
    /store degraded: takes no writes/,
    /kitchen-pi +lab +silent +4 s ago/,
    /box +serial +failing +gone/,
    /kitchen-pi +active +eager +1\.3 ms +900 B +12 MB/,
  ],
  rooms: [/^ROOM +TEMP/, /lab +21\.5 °C +yes +3 s ago/],
  "room lab": [/temperature +21\.5 °C +21 °C +3 s ago +lab-pi\/box/, /turn the AC on/],
  network: [/02:00:00:00:00:01 +192\.0\.2\.1 \+1 +printer +lab-pi, kitchen-pi +30 s ago/],
};
for (const [words, patterns] of Object.entries(said)) {
  test(`${words}, as text and as JSON`, async (context) => {
    const { url } = await fakeNode(context, ANSWERS);
    const args = words.split(" ");
    const text = await run([...args, "--node", url]);
    assert.equal(text.code, 0, text.stderr);
    for (const pattern of patterns) assert.match(text.stdout, pattern);
    // Nobody looks: no colours, no cuts.
    assert.ok(!text.stdout.includes("\x1b"));
    const json = await run([...args, "--json"], { WATERCOOLER_NODE: url.replace("http://", "") });
    assert.equal(json.code, 0, json.stderr);
    const document = JSON.parse(json.stdout);
    const path = words === "room lab" ? "/v1/rooms/lab" : `/v1/${words}`;
    if (words === "status") {
      assert.deepEqual(Object.keys(document), ["node", "mesh", "nodes", "health", "pending"]);
      assert.deepEqual(document.node, ANSWERS["/v1/node"]);
    } else assert.deepEqual(document, ANSWERS[path]);
    assert.equal(text.stderr + json.stderr, "");
  });
}

const ASKING = [
  "status",
  "rooms",
  "room lab",
  "network",
  "ask help",
  "why room lab",
  "target lab co2 900",
  "watch",
];
for (const words of ASKING) {
  test(`${words}: every way to fail has its code and one line`, async (context) => {
    const ask = async (url: string, ...more: string[]) =>
      run([...words.split(" "), "--node", url, ...more]);
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    assertFailed(await ask(`127.0.0.1:${port}`), 69, /watercooler up.*--node/);
    for (const format of [[], ["--json"]]) {
      for (const [status, code] of [
        [401, 77],
        [403, 77],
        [404, 1],
        [421, 1],
        [500, 1],
      ] as const) {
        const { url } = await fakeNode(context, { "*": refusing(status, "do this instead") });
        const says = words === "room lab" && status === 404 ? /do this|no room/ : /do this instead/;
        assertFailed(await ask(url, ...format), code, says);
      }
      const html = await fakeNode(context, {
        "*": (_: unknown, response: { end(text: string): void }) => response.end("<html>"),
      });
      assertFailed(await ask(html.url, ...format), 1, /is it a Watercooler/);
    }
    const hangUp = createServer((socket) => socket.on("error", () => {}).destroy());
    const speaksElse = createServer((socket) => {
      socket.on("error", () => {}).end("SSH-2.0-OpenSSH_9.2\r\n");
    });
    for (const server of [hangUp, speaksElse]) {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      context.after(() => server.close());
      const at = server.address() as { port: number };
      assertFailed(await ask(`http://127.0.0.1:${at.port}`), 69, /--node/);
    }
  });
}

test("answers of another shape are refused, not printed as undefined", async (context) => {
  const { url } = await fakeNode(context, { "*": { hello: "world" } });
  for (const words of ["status", "rooms", "room lab", "network", "history lab co2"]) {
    assertFailed(await run([...words.split(" "), "--node", url]), 1, /not understood/);
  }
});

test("what a node says can't draw on the terminal", async (context) => {
  const evil = { ...LAB, room: "l\x1b[2Jab", advice: ["\x07\x1b]0;x\x07"] };
  const { url } = await fakeNode(context, { ...ANSWERS, "/v1/rooms/lab": evil });
  const { stdout, code } = await run(["room", "lab", "--node", url]);
  assert.equal(code, 0);
  assert.doesNotMatch(stdout.replace(/\n/g, ""), /\p{Cc}/u);
});

test("a room that is not there: the nearest is named", async (context) => {
  const { url } = await fakeNode(context, ANSWERS);
  const says = /no room "lap": did you mean lab\? known are lab/;
  assertFailed(await run(["room", "lap", "--node", url]), 1, says);
});

const usage: readonly (readonly [args: string, says: RegExp])[] = [
  ["stauts", /unknown command 'stauts' \(Did you mean status\?\): see "watercooler --help"/],
  ["xyzzyq", /unknown command 'xyzzyq'/],
  ["rooms --jsn", /unknown option '--jsn' \(Did you mean --json\?\)/],
  ["ask", /missing required argument 'question'/],
  ["room", /missing required argument 'room'/],
  ["rooms lab", /too many arguments/],
  ["rooms --node", /argument missing/],
  ["rooms --node ftp://x", /no address of a node/],
  ["rooms --node 127.0.0.1:99999", /no address of a node/],
  ["history lab", /missing required argument 'kind'/],
  ["history lab co2 --since ever", /--since takes a span/],
  ["history lab co2 --step 0s", /--step takes a span/],
  ["history lab co2 --csv --json", /not both/],
  ["demo --nodes 0", /whole number from 1 to 32/],
  ["demo --nodes many", /whole number from 1 to 32/],
  ["demo --port 0", /whole number from 1 to 65535/],
  ["completion tcsh", /bash, zsh, fish/],
  ["config chekc", /Did you mean check\?/],
];
test("wrong usage: 2, one line, what was likely meant", async () => {
  for (const [args, says] of usage) assertFailed(await run(args.split(" ")), 2, says);
});

test("no command: the help, and 2", async () => {
  for (const args of [[], ["config"], ["sensors"]]) {
    const { code, stdout, stderr } = await run(args);
    assert.equal(code, 2);
    assert.match(stdout, /Usage: watercooler/);
    assert.equal(stderr, 'watercooler: name a command: see "watercooler --help"\n');
  }
});

test("every command has help with an example, and none is there before its time", async () => {
  const { stdout, code } = await run(["--help"]);
  assert.equal(code, 0);
  const names = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name]) => name);
  const people = ["who", "iam", "target", "history"];
  const asking = ["status", "rooms", "room", "network", "ask", "why", ...people, "watch"];
  const membership = ["invite", "admit", "forget", "replace", "join", "rekey", "root-key"];
  const granting = ["grant", "revoke"];
  const mine = [...granting, ...membership];
  const copying = ["backup", "restore"];
  const tools = ["doctor", "sensors", "sim", "config"];
  const known = ["up", "demo", ...asking, ...mine, ...copying, ...tools];
  assert.deepEqual(names, [...known, "completion", "help", "watercooler"]);
  const all = [
    ...known,
    "completion",
    "config check",
    "config schema",
    "sensors scan",
    "sensors calibrate",
  ];
  for (const name of all) {
    const help = await run([...name.split(" "), "--help"]);
    assert.equal(help.code, 0);
    assert.match(help.stdout, new RegExp(`Examples?:\\n {2}.*watercooler ${name}`), name);
    if (name !== "config" && name !== "sensors") assert.match(help.stdout, /--json/, name);
    assert.equal(help.stderr, "");
  }
  assert.match((await run(["--version"])).stdout, /^\d+\.\d+\.\d+\n$/);
});

/** A node whose live socket says what the test wants. */
async function liveNode(context: TestContext) {
  const fake = await fakeNode(context, ANSWERS);
  const sockets = new WebSocketServer({ server: fake.server, path: "/v1/live" });
  const open: WebSocket[] = [];
  sockets.on("connection", (socket) => open.push(socket));
  context.after(() => {
    for (const socket of open) socket.terminate();
    sockets.close();
  });
  const say = (message: object) => open.at(-1)?.send(JSON.stringify(message));
  return { ...fake, open, say };
}

const NODES = ANSWERS["/v1/nodes"] as readonly { readonly state: string }[];
const BOB = { person: "Bob", in: true, since: null, devices: [] };
const SNAPSHOT = { type: "snapshot", rooms: [LAB], nodes: NODES, network: [], people: [BOB] };
const warmer = (value: number, room = "lab") => ({
  type: "change",
  rooms: [{ ...LAB, room, readings: { temperature: reading(value, "degC") } }],
});

test("watch: a line a change, on through a restart, Ctrl-C ends it", async (context) => {
  const { url, open, say } = await liveNode(context);
  const cli = start(context, ["watch", "--node", url]);
  await until("the socket", () => open.length === 1);
  say(SNAPSHOT);
  say(warmer(21.46));
  say({ type: "change" });
  say(warmer(22));
  const ana = { person: "Ana", in: false, since: null, devices: [] };
  const zoe = { ...ana, person: "Zoe" };
  // Who is new and away told a name, no more.
  say({ type: "change", people: [zoe] });
  say({ type: "change", people: [{ ...ana, in: true, room: "lab" }] });
  say({ type: "change", people: [{ ...ana, in: true }] });
  say({ type: "change", people: [{ ...ana, in: true, room: "kitchen" }] });
  say({ type: "change", people: [ana] });
  say({ type: "change", gone: { people: ["Ana"] } });
  say({ type: "change", nodes: [{ ...NODES[1], state: "alive" }], network: [] });
  await until("the node's line", () => /kitchen-pi is alive/.test(cli.stdout));
  const lines = [
    "08:00:00Z  lab  temperature  21.5 °C  lab-pi/box",
    "08:00:00Z  lab  motion  yes  lab-pi/box",
    "08:00:00Z  lab  temperature  22 °C  lab-pi/box",
    "           Ana arrived in lab",
    "           Ana is in kitchen now",
    "           Ana left",
    "           node kitchen-pi is alive",
  ];
  assert.deepEqual(cli.stdout.trimEnd().split("\n"), lines);
  open[0]?.close();
  await until("the next try", () => open.length === 2);
  assert.equal(cli.stderr, "watercooler: the node went away; trying again\n");
  say({ ...SNAPSHOT, rooms: warmer(22).rooms, nodes: [] });
  say(warmer(23));
  await until("the line after", () => /23 °C/.test(cli.stdout));
  assert.equal(cli.stdout.trimEnd().split("\n").length, lines.length + 1);
  const { code, tookMs, stderr } = await cli.interrupt();
  assert.equal(code, 0);
  assert.ok(tookMs < 2_000, `${tookMs} ms`);
  assertNoTrace({ stdout: cli.stdout, stderr });
});

test("watch --json: a line of JSON a change, one room where asked", async (context) => {
  const { url, open, say } = await liveNode(context);
  const all = start(context, ["watch", "--json", "--node", url]);
  await until("the socket", () => open.length === 1);
  say(SNAPSHOT);
  say({ type: "change" });
  say(warmer(22, "kitchen"));
  open[0]?.send("this is not JSON");
  say(warmer(22));
  await until("three lines", () => all.stdout.split("\n").length > 3);
  const documents = all.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual(documents, [SNAPSHOT, warmer(22, "kitchen"), warmer(22)]);
  assert.equal((await all.interrupt()).code, 0);

  const one = start(context, ["watch", "--json", "--room", "lab", "--node", url]);
  await until("the socket", () => open.length === 2);
  say(SNAPSHOT);
  say(warmer(22, "kitchen"));
  say(warmer(24));
  await until("two lines", () => one.stdout.split("\n").length > 2);
  const rooms = one.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line).rooms);
  assert.deepEqual(rooms, [[LAB], warmer(24).rooms]);
});

test("watch: a node that refuses its live socket is an error, not a pause", async (context) => {
  const { url } = await fakeNode(context, ANSWERS);
  assertFailed(await run(["watch", "--node", url]), 1, /refuses to be watched \(HTTP 404\)/);
});
