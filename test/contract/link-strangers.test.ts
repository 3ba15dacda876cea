import assert from "node:assert/strict";
import { createServer as createHttpsServer } from "node:https";
import { connect, createServer, type Server, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { type WebSocket, WebSocketServer } from "ws";
import { type Address, addressOf, splitAddress } from "../../src/base/id.ts";
import {
  FRAME_BYTES_MAX,
  HANDSHAKE_MS_MAX,
  HANDSHAKES_PER_ADDRESS_MAX,
  HELLO_BYTES_MAX,
  type LinkFailure,
} from "../../src/link/port.ts";
import {
  greetAs,
  makePapers,
  openAs,
  type Papers,
  p256Papers,
  webSocketTransport,
} from "./link-certificates.ts";
import { bytesOf, identityOf, Party, until } from "./link-party.ts";

const papers = [makePapers(), makePapers(), makePapers()] as const;
const [own, friend, foe] = papers;
/** A loaded machine may be late by this much. */
const LATE_MS = 5_000;

async function start(t: TestContext, one = own, refuses?: LinkFailure): Promise<Party> {
  const identity = identityOf(one.identity.id, "boot", refuses);
  const transport = webSocketTransport(one, identity, ["127.0.0.1:0"]);
  t.after(() => transport.stop());
  return new Party(one.identity.id, transport).start();
}

const endOf = (address: Address) => ({ host: "127.0.0.1", port: splitAddress(address)?.port ?? 0 });

/** A raw connection that says something and never minds the answer. */
function say(address: Address, what: string | Uint8Array): () => void {
  const socket = connect(endOf(address), () => socket.write(what));
  socket.on("error", () => {}).resume();
  return () => socket.destroy();
}

interface TlsCard {
  readonly key?: string;
  readonly cert?: string;
  readonly maxVersion?: "TLSv1.2";
}

function sayInTls(address: Address, what: string | Uint8Array, card: TlsCard = {}): () => void {
  const options = { ...endOf(address), rejectUnauthorized: false, ...card };
  const socket = tlsConnect(options, () => socket.write(what));
  socket.on("error", () => {}).resume();
  return () => socket.destroy();
}

function speak(address: Address, talk: (socket: WebSocket) => void): () => void {
  const socket = openAs(foe, address);
  socket.once("open", () => talk(socket));
  return () => socket.terminate();
}

const card = { key: foe.keyPem, cert: foe.certificatePem };
const weak = await p256Papers();
const upgrade = "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: ";

/** Every way to knock that is no link, and under which name it is counted. */
const KNOCKS: readonly (readonly [string, LinkFailure, (address: Address) => () => void])[] = [
  ["random bytes", "no-tls", (at) => say(at, Buffer.alloc(3_000, 0x5a))],
  ["plain HTTP", "no-tls", (at) => say(at, "GET / HTTP/1.1\r\n\r\n")],
  ["TCP and no word", "no-tls", (at) => say(at, "")],
  ["TLS 1.2", "no-tls", (at) => sayInTls(at, "x", { ...card, maxVersion: "TLSv1.2" })],
  ["TLS without a certificate", "no-certificate", (at) => sayInTls(at, "x")],
  [
    "a P-256 certificate",
    "wrong-key",
    (at) => sayInTls(at, "x", { key: weak.keyPem, cert: weak.certificatePem }),
  ],
  ["garbage in TLS", "not-websocket", (at) => sayInTls(at, Buffer.alloc(3_000, 0x5a), card)],
  ["HTTP in TLS", "not-websocket", (at) => sayInTls(at, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", card)],
  ["another upgrade", "not-websocket", (at) => sayInTls(at, `${upgrade}h2c\r\n\r\n`, card)],
  [
    "no key in the upgrade",
    "not-websocket",
    (at) => sayInTls(at, `${upgrade}websocket\r\n\r\n`, card),
  ],
  [
    "headers without end",
    "not-websocket",
    (at) => sayInTls(at, `GET / HTTP/1.1\r\nA: ${"b".repeat(9_000)}`, card),
  ],
  ["TLS and no word", "not-websocket", (at) => sayInTls(at, "", card)],
  ["half a request", "not-websocket", (at) => sayInTls(at, "GET / HT", card)],
  ["no hello", "no-hello", (at) => speak(at, () => {})],
  ["gone before the hello", "no-hello", (at) => speak(at, (socket) => socket.terminate())],
  ["a text as hello", "bad-hello", (at) => speak(at, (socket) => socket.send("hello"))],
  [
    "an overlong hello",
    "bad-hello",
    (at) => speak(at, (socket) => socket.send(Buffer.alloc(HELLO_BYTES_MAX + 1))),
  ],
  [
    "a huge hello",
    "oversize",
    (at) => speak(at, (socket) => socket.send(Buffer.alloc(10_000_000))),
  ],
  ["a hello in crumbs", "oversize", (at) => speak(at, crumbs)],
];

function crumbs(socket: WebSocket): void {
  for (let at = 0; at < 1_000; at++) socket.send(Buffer.alloc(1), { fin: false });
}

test("each way to knock is counted once, and good peers get in", { concurrency: true }, (t) =>
  Promise.all(
    KNOCKS.map(([what, reason, knock]) =>
      t.test(`${what} as ${reason}`, async (each) => {
        const party = await start(each);
        const leave = knock(party.address);
        each.after(leave);
        await until(() => party.count("refused") > 0, "refused", HANDSHAKE_MS_MAX + LATE_MS);
        const good = await start(each, friend);
        good.transport.dial(party.address, party.id);
        await until(() => good.count("up") === 1 && party.count("up") === 1, "a good peer");
        leave();
        assert.deepEqual(party.reasons("refused"), [reason]);
        party.checkOrder();
      }),
    ),
  ).then(() => {}),
);

test("a hello of another mesh is counted as such, and its sender hears why", async (t) => {
  const party = await start(t, own, "not-member");
  const codes: number[] = [];
  const socket = openAs(foe, party.address);
  t.after(() => socket.terminate());
  socket.once("open", () => socket.send("x", { binary: true }));
  socket.once("close", (code) => codes.push(code));
  await until(() => codes.length === 1, "closed");
  assert.deepEqual(codes, [4001]);
  assert.deepEqual(party.reasons("refused"), ["not-member"]);
});

/** The head of a TLS record of 500 bytes; the rest is on its way, so to speak. */
const recordHead = (messageType: number) =>
  Buffer.from([0x16, 3, 3, 1, 0xf4, messageType, 0, 1, 0xf0, 3, 3]);
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;

function drip(socket: Socket, head: Buffer): void {
  socket.on("error", () => {}).resume();
  socket.write(head);
  const timer = setInterval(() => socket.write(Buffer.alloc(1)), 100);
  socket.once("close", () => clearInterval(timer));
}

test("a byte now and then buys no time", async (t) => {
  const party = await start(t);
  const socket = connect(endOf(party.address));
  t.after(() => socket.destroy());
  drip(socket, recordHead(CLIENT_HELLO));
  await until(() => party.count("refused") === 1, "cut", HANDSHAKE_MS_MAX + LATE_MS);
  assert.deepEqual(party.reasons("refused"), ["no-tls"]);
});

/** Listens on a free port of loopback until the test ends. */
async function listen(t: TestContext, server: Server): Promise<Address> {
  const open = new Set<Socket>();
  server.on("connection", (socket) => open.add(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const bound = server.address();
  assert.ok(bound !== null && typeof bound === "object");
  return addressOf("127.0.0.1", bound.port);
}

function webSocketServer(papers: Pick<Papers, "keyPem" | "certificatePem">, hello?: Uint8Array) {
  const server = createHttpsServer({ key: papers.keyPem, cert: papers.certificatePem });
  new WebSocketServer({ server }).on("connection", (socket) => {
    socket.on("error", () => {});
    if (hello !== undefined) socket.send(hello);
  });
  return server;
}

/** Every way to answer a dial that leads to no link, and what it is called. */
const ANSWERS: readonly (readonly [string, LinkFailure, () => Server])[] = [
  ["a P-256 key", "wrong-key", () => webSocketServer(weak)],
  ["TCP and no word", "unreachable", () => createServer((socket) => socket.resume())],
  [
    "a byte now and then",
    "unreachable",
    () => createServer((socket) => drip(socket, recordHead(SERVER_HELLO))),
  ],
  ["no hello", "unreachable", () => webSocketServer(foe)],
  ["a hello, and no welcome", "unreachable", () => webSocketServer(foe, bytesOf("boot"))],
  ["an overlong hello", "bad-hello", () => webSocketServer(foe, Buffer.alloc(HELLO_BYTES_MAX + 1))],
  ["a huge hello", "oversize", () => webSocketServer(foe, Buffer.alloc(FRAME_BYTES_MAX + 1))],
];

test("each way to answer a dial ends in time, under its name", { concurrency: true }, (t) =>
  Promise.all(
    ANSWERS.map(([what, reason, serve]) =>
      t.test(`${what} as ${reason}`, async (each) => {
        const party = await start(each);
        party.transport.dial(await listen(each, serve()), undefined);
        const limitMs = HANDSHAKE_MS_MAX + LATE_MS;
        await until(() => party.count("dial-failed") === 1, "given up", limitMs);
        assert.deepEqual(party.reasons("dial-failed"), [reason]);
        assert.equal(party.count("up"), 0);
      }),
    ),
  ).then(() => {}),
);

test("strangers get so many places, and links none of them", async (t) => {
  const party = await start(t);
  const linked = await start(t, friend);
  linked.transport.dial(party.address, party.id);
  await until(() => party.count("up") === 1, "a link");
  const idle = Array.from({ length: HANDSHAKES_PER_ADDRESS_MAX + 5 }, () =>
    connect(endOf(party.address)).on("error", () => {}),
  );
  t.after(() => {
    for (const socket of idle) socket.destroy();
  });
  await until(() => party.count("refused") === 5, "five too many");
  assert.deepEqual(new Set(party.reasons("refused")), new Set(["busy"]));
  for (const socket of idle) socket.destroy();
  const good = await start(t, foe);
  // A place is free as soon as its stranger has gone, not when its time is over.
  await until(() => {
    good.transport.dial(party.address, party.id);
    return good.count("up") === 1;
  }, "a place again");
  assert.equal(linked.count("down"), 0);
});

for (const [what, overdo] of [
  [
    "a frame that is too long",
    (socket: WebSocket) => socket.send(Buffer.alloc(FRAME_BYTES_MAX + 1)),
  ],
  ["a frame in crumbs", crumbs],
] as const) {
  test(`${what} ends the link as oversize`, async (t) => {
    const party = await start(t);
    const socket = await greetAs(foe, party.address, bytesOf("boot"));
    t.after(() => socket.terminate());
    overdo(socket);
    await until(() => party.count("down") === 1, "down");
    assert.deepEqual([party.reasons("down"), party.frames()], [["oversize"], []]);
    party.checkOrder();
  });
}

test("no TLS session is resumed: each connection proves its key", async (t) => {
  const party = await start(t);
  const options = { ...endOf(party.address), ...card, rejectUnauthorized: false };
  const sessions: Buffer[] = [];
  // The link stays up meanwhile: a server's tickets come after its handshake.
  const socket = await greetAs(foe, party.address, bytesOf("boot"), (session) =>
    sessions.push(session),
  );
  t.after(() => socket.terminate());
  for (const session of sessions) {
    let isReused: boolean | undefined;
    const again = tlsConnect({ ...options, session }, () => {
      isReused = again.isSessionReused();
      again.destroy();
    });
    again.on("error", () => {});
    await until(() => isReused !== undefined, "another connection");
    assert.equal(isReused, false);
  }
});
