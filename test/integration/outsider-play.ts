// Run in the outsider's own network namespace: everything that somebody on the LAN may try. Each
// line on standard output is one try: what it was, whether the node held, and what was seen.
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { networkInterfaces } from "node:os";
import WebSocket from "ws";
import { addressOf } from "../../src/base/id.ts";
import { WIRE_VERSION } from "../../src/overlay/codec.ts";
import { generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { makePapers, openAs } from "../contract/link-certificates.ts";
import { streamsTo } from "./capture.ts";
import { MeshMember } from "./mesh-member.ts";

const [host = "", capturePath = "", secretName = "", mac = ""] = process.argv.slice(2);
const MESH_PORT = 7946;
const API_PORT = 8080;
/** Ports that are tried: those below belong to services, those above to nobody of ours. */
const PORTS_MAX = 10_000;
const SCAN_AT_ONCE = 500;
const WAIT_MS_MAX = 15_000;
/** Each held a node for over a second before; all together may cost no more than this. */
const BABBLES = 100;
const BUSY_MS_MAX = 5_000;
const api = `http://${host}:${API_PORT}`;

function tell(what: string, holds: boolean, seen: unknown = ""): void {
  console.log(JSON.stringify({ what, holds, seen: String(seen).slice(0, 300) }));
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.setTimeout(WAIT_MS_MAX, () => end(false));
    socket.on("connect", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function scan(): Promise<void> {
  const open: number[] = [];
  for (let first = 1; first <= PORTS_MAX; first += SCAN_AT_ONCE) {
    const ports = Array.from({ length: SCAN_AT_ONCE }, (_, at) => first + at);
    const answers = await Promise.all(ports.map(isOpen));
    open.push(...ports.filter((_, at) => answers[at]));
  }
  tell("a scan finds the two ports alone", open.join() === `${MESH_PORT},${API_PORT}`, open);
}

/** Sends bytes, and waits until the node hangs up. */
function say(bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let got = 0;
    const socket = connect({ host, port: MESH_PORT }, () => socket.write(bytes));
    const limit = setTimeout(() => {
      socket.destroy();
      resolve("still open");
    }, WAIT_MS_MAX);
    socket.on("data", (chunk) => {
      got += chunk.length;
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(limit);
      resolve(`hung up after ${got} bytes`);
    });
  });
}

async function replay(): Promise<void> {
  const streams = streamsTo(readFileSync(capturePath), MESH_PORT);
  const long = streams.filter(({ length }) => length > 1_000);
  tell(
    "the capture has whole conversations of nodes",
    long.length > 0,
    streams.map((s) => s.length),
  );
  const ends = await Promise.all(long.slice(0, 8).map(say));
  tell(
    "what nodes said to each other, said again, opens nothing",
    !ends.includes("still open"),
    ends,
  );
}

/** Comes in over TLS with a key of its own and answers the node's hello; gives the close code. */
function greetWith(answer: (hello: Buffer) => Uint8Array): Promise<number> {
  return new Promise((resolve) => {
    const socket = openAs(makePapers(), addressOf(host, MESH_PORT));
    socket.once("close", (code) => resolve(code));
    socket.once("message", (hello: Buffer) => {
      socket.send(answer(hello));
      socket.once("message", () => resolve(0));
    });
  });
}

async function knock(): Promise<void> {
  const echo = await greetWith((hello) => hello);
  tell("the node's own hello, said back, is no membership", echo === 4001, echo);
  const frame = Uint8Array.of(WIRE_VERSION, 1, 10, 3, 97, 58, 49);
  const early = await greetWith(() => frame);
  tell("a frame instead of a hello is refused", early === 4002, early);
  const root = identityFromPem(generateKeyPem());
  if (!root.ok) throw new Error(root.error);
  const foreigner = new MeshMember(root.value);
  const answer = await foreigner.join(addressOf(host, MESH_PORT)).then(
    () => "let in",
    (error: Error) => error.message,
  );
  await foreigner.leave();
  tell("a member of another mesh is refused", /not-member/.test(answer), answer);
}

/** Multicasts a packet that would keep mDNS's library busy for a second, and a hundred more. */
async function babble(): Promise<void> {
  const packet = readFileSync("test/fuzz/corpus/dns-sd/found-text-past-the-end");
  packet.writeUInt16BE(0xffff, 6);
  const socket = createSocket("udp4");
  await new Promise<void>((resolve) => socket.bind(0, resolve));
  // There is no default route that would say which way a multicast goes.
  const own = networkInterfaces().eth0?.find(({ family }) => family === "IPv4")?.address ?? "";
  socket.setMulticastInterface(own);
  for (let count = 0; count < BABBLES; count++) {
    await new Promise<void>((resolve, reject) =>
      socket.send(packet, 5353, "224.0.0.251", (error) => (error ? reject(error) : resolve())),
    );
  }
  socket.close();
  const startMs = performance.now();
  const { status } = await fetch(`${api}/v1/node`, { signal: AbortSignal.timeout(WAIT_MS_MAX) });
  const tookMs = performance.now() - startMs;
  tell("packets made to keep a node busy don't", status === 200 && tookMs < BUSY_MS_MAX, tookMs);
}

interface Described {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

function filled(path: string): string {
  const values: Readonly<Record<string, string>> = {
    room: "room-0",
    kind: "temperature",
    person: "Somebody",
    mac,
    sensor: "box",
  };
  return path.replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? "x");
}

async function readAll(): Promise<void> {
  const { paths } = (await (await fetch(`${api}/openapi.json`)).json()) as Described;
  const reads = Object.entries(paths).filter(([, methods]) => "get" in methods);
  const more = ["/", "/docs", "/v1/ask?q=who+is+at+the+office", `/v1/ask?q=whose+is+${mac}`];
  const told: string[] = [];
  for (const path of [...reads.map(([path]) => filled(path)), ...more]) {
    const reply = await fetch(`${api}${path}`);
    const text = `${await reply.text()} ${JSON.stringify([...reply.headers])}`;
    if (text.includes(secretName)) told.push(path);
    const isPersonal = /^\/v1\/(people|me)$/.test(path);
    if (isPersonal) tell(`${path} is shut`, [401, 403].includes(reply.status), reply.status);
  }
  const live = await new Promise<string>((resolve) => {
    const socket = new WebSocket(`ws://${host}:${API_PORT}/v1/live`);
    socket.on("error", (error) => resolve(error.message));
    socket.once("message", (data) => {
      resolve(String(data));
      socket.terminate();
    });
  });
  if (live.includes(secretName)) told.push("/v1/live");
  tell(
    `none of ${reads.length} routes, nor the live socket, tells the name`,
    told.length === 0,
    told,
  );
}

async function writeAll(): Promise<void> {
  const { paths } = (await (await fetch(`${api}/openapi.json`)).json()) as Described;
  const done: string[] = [];
  let tries = 0;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods).filter((one) => /^(put|post|delete)$/.test(one))) {
      for (const authorization of ["", "Bearer x", `Bearer ${"A".repeat(400)}`]) {
        tries += 1;
        const reply = await fetch(`${api}${filled(path)}`, {
          method: method.toUpperCase(),
          headers: { "content-type": "application/json", ...(authorization && { authorization }) },
          body: JSON.stringify({ value: 30 }),
        });
        await reply.text();
        if (reply.status !== 401 && reply.status !== 403)
          done.push(`${method} ${path} ${reply.status}`);
      }
    }
  }
  tell(`none of ${tries} writes is taken`, done.length === 0 && tries > 6, done);
}

/** One request as a browser would send it, header by header. */
function asBrowser(head: string, path = "/v1/rooms"): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect({ host, port: API_PORT }, () => {
      socket.write(`${path.startsWith("PUT") ? path : `GET ${path}`} HTTP/1.1\r\n${head}\r\n\r\n`);
    });
    socket.on("data", (chunk) => {
      got += chunk.toString("latin1");
      socket.destroy();
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got.split("\r\n")[0] ?? ""));
  });
}

async function browse(): Promise<void> {
  const rebound = await asBrowser("Host: evil.example:8080");
  tell(
    "a name of the attacker's that resolves to the Pi is refused",
    rebound.includes(" 421 "),
    rebound,
  );
  const own = `Host: ${host}:${API_PORT}`;
  const foreign = `${own}\r\nOrigin: http://evil.example\r\nContent-Type: application/json`;
  const put = await asBrowser(`${foreign}\r\nContent-Length: 0`, "PUT /v1/targets/a/temperature");
  tell("another site's page writes nothing", put.includes(" 403 "), put);
  const upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
  const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
  const live = await asBrowser(`${foreign}\r\n${upgrade}\r\n${key}`, "/v1/live");
  tell("another site's page opens no live socket", live.includes(" 403 "), live);
}

await scan();
await Promise.all([replay(), knock()]);
await babble();
await readAll();
await writeAll();
await browse();
process.exit(0);
