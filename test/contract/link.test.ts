import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { connect } from "node:net";
import test from "node:test";
import { connect as tlsConnect } from "node:tls";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { type Address, addressOf, splitAddress } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { err, ok } from "../../src/base/result.ts";
import type { LinkEvent } from "../../src/link/port.ts";
import { WebSocketTransport } from "../../src/link/websocket.ts";
import { generateKeyPem, type Identity, identityFromPem } from "../../src/trust/identity.ts";

const MINT = fileURLToPath(new URL("../../src/trust/mint-certificate.js", import.meta.url));
const LIMIT_MS = 10_000;

interface Party {
  readonly identity: Identity;
  readonly certificate: string;
  readonly keyPem: string;
}

function party(): Party {
  const keyPem = generateKeyPem();
  const identity = identityFromPem(keyPem);
  assert.ok(identity.ok);
  const certificate = execFileSync(process.execPath, [MINT], { input: keyPem, encoding: "utf8" });
  return { identity: identity.value, certificate, keyPem };
}

const PARTIES = [party(), party(), party()];

async function until(holds: () => boolean, what: string): Promise<void> {
  const startedMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startedMs < LIMIT_MS, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

class End {
  readonly events: LinkEvent[] = [];
  readonly transport: WebSocketTransport;

  constructor(
    readonly party: Party,
    boot: string,
    accepts: () => boolean = () => true,
  ) {
    this.transport = new WebSocketTransport({
      identity: {
        self: party.identity.id,
        hello: () => new TextEncoder().encode(boot),
        judge: (_, bytes) =>
          accepts()
            ? ok({
                boot: Buffer.from(bytes).toString(),
                addresses: [],
                version: 1,
                credential: bytes,
              })
            : err("not-member"),
      },
      keyPem: party.keyPem,
      certificatePem: party.certificate,
      listen: ["127.0.0.1:0"],
      log: silentLog,
    });
  }

  async start(): Promise<this> {
    await this.transport.start((event) => this.events.push(event));
    return this;
  }

  get address(): Address {
    return this.transport.bound()[0] as Address;
  }

  count(type: LinkEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  reasons(type: "dial-failed" | "down" | "refused"): string[] {
    return this.events.flatMap((event) => (event.type === type ? [event.reason] : []));
  }

  frames(): string[] {
    return this.events.flatMap((event) =>
      event.type === "frame" ? [Buffer.from(event.bytes).toString()] : [],
    );
  }
}

async function ends(count: number): Promise<End[]> {
  return Promise.all(PARTIES.slice(0, count).map((one, at) => new End(one, `boot-${at}`).start()));
}

const stopAll = (all: readonly End[]) => Promise.all(all.map(({ transport }) => transport.stop()));
const bytes = (text: string) => new TextEncoder().encode(text);

test("a link is up at both ends and carries frames whole and in order", async () => {
  const all = await ends(2);
  const [a, b] = all as [End, End];
  a.transport.dial(b.address, b.party.identity.id);
  await until(() => a.count("up") === 1 && b.count("up") === 1, "up at both ends");
  for (let at = 0; at < 200; at++) a.transport.send(b.party.identity.id, bytes(`frame ${at}`));
  await until(() => b.frames().length === 200, "200 frames");
  assert.deepEqual(
    b.frames(),
    Array.from({ length: 200 }, (_, at) => `frame ${at}`),
  );
  a.transport.close(b.party.identity.id);
  await until(() => a.count("down") === 1 && b.count("down") === 1, "down at both ends");
  await stopAll(all);
});

test("of two crossed dials one link stays, and both ends agree which", async () => {
  for (let round = 0; round < 20; round++) {
    const all = await ends(2);
    const [a, b] = all as [End, End];
    a.transport.dial(b.address, b.party.identity.id);
    b.transport.dial(a.address, a.party.identity.id);
    const settled = () => {
      const [one] = a.transport.stats();
      const [other] = b.transport.stats();
      return one !== undefined && other !== undefined && one.initiator !== other.initiator;
    };
    await until(settled, "one link");
    a.transport.send(b.party.identity.id, bytes("to b"));
    b.transport.send(a.party.identity.id, bytes("to a"));
    await until(() => a.frames().includes("to a") && b.frames().includes("to b"), "frames");
    await stopAll(all);
  }
});

test("somebody else at the address, oneself, and nobody at all fail by name", async () => {
  const all = await ends(2);
  const [a, b] = all as [End, End];
  a.transport.dial(b.address, (PARTIES[2] as Party).identity.id);
  a.transport.dial(a.address, undefined);
  a.transport.dial(addressOf("127.0.0.1", 1), undefined);
  await until(() => a.count("dial-failed") === 3, "three failures");
  assert.deepEqual(a.reasons("dial-failed").sort(), ["self", "unreachable", "wrong-identity"]);
  assert.equal(a.count("up") + b.count("up"), 0);
  await stopAll(all);
});

test("a peer's new boot replaces its former self at once", async () => {
  const all = await ends(2);
  const [a, b] = all as [End, End];
  a.transport.dial(b.address, b.party.identity.id);
  await until(() => b.count("up") === 1, "up");
  const again = await new End(a.party, "boot-later").start();
  again.transport.dial(b.address, b.party.identity.id);
  await until(() => b.count("up") === 2 && a.count("down") === 1, "replaced");
  const types = b.events.map(({ type }) => type);
  assert.deepEqual(types, ["up", "down", "up"]);
  await stopAll([...all, again]);
});

test("a refused hello makes no link and is counted", async () => {
  const b = await new End(PARTIES[1] as Party, "b", () => false).start();
  const a = await new End(PARTIES[0] as Party, "a").start();
  a.transport.dial(b.address, b.party.identity.id);
  await until(() => b.reasons("refused").includes("not-member"), "refused");
  await until(() => a.transport.stats().length === 0, "no link");
  assert.equal(b.count("up"), 0);
  await stopAll([a, b]);
});

test("a taken port is said in one line", async () => {
  const a = await new End(PARTIES[0] as Party, "a").start();
  const port = splitAddress(a.address)?.port;
  const second = new WebSocketTransport({
    identity: { self: a.party.identity.id, hello: () => bytes("x"), judge: () => err("bad-hello") },
    keyPem: a.party.keyPem,
    certificatePem: a.party.certificate,
    listen: [`127.0.0.1:${port}`],
    log: silentLog,
  });
  await assert.rejects(
    second.start(() => {}),
    /port \d+ on 127.0.0.1 is taken by another program/,
  );
  await stopAll([a]);
});

test("garbage on the port is refused by name, and a good peer still gets in", async () => {
  const all = await ends(2);
  const [a, b] = all as [End, End];
  const { port } = splitAddress(a.address) as { port: number };
  const raw = connect(port, "127.0.0.1", () => raw.write(Buffer.alloc(3_000, 0x5a)));
  raw.on("error", () => {});
  const plain = connect(port, "127.0.0.1", () => plain.write("GET / HTTP/1.1\r\n\r\n"));
  plain.on("error", () => {});
  const anonymous = new WebSocket(`wss://127.0.0.1:${port}`, { rejectUnauthorized: false });
  anonymous.on("error", () => {});
  const b2 = b.party;
  const options = { cert: b2.certificate, key: b2.keyPem, rejectUnauthorized: false };
  const web = tlsConnect({ host: "127.0.0.1", port, ...options }, () => {
    web.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  });
  web.on("error", () => {});
  const chatty = new WebSocket(`wss://127.0.0.1:${port}`, options);
  chatty.on("error", () => {});
  chatty.on("open", () => chatty.send("a text"));
  const huge = new WebSocket(`wss://127.0.0.1:${port}`, options);
  huge.on("error", () => {});
  huge.on("open", () => huge.send(Buffer.alloc(10_000_000)));
  const reasons = () => new Set(a.reasons("refused"));
  await until(
    () => ["unreachable", "no-certificate", "bad-hello", "oversize"].every((r) => reasons().has(r)),
    "every refusal",
  );
  const idle = Array.from({ length: 100 }, () => connect(port, "127.0.0.1").on("error", () => {}));
  await until(() => idle.some((socket) => socket.destroyed), "the budget closes some");
  for (const socket of idle) socket.destroy();
  b.transport.dial(a.address, a.party.identity.id);
  await until(() => a.count("up") === 1, "a good peer");
  for (const socket of [raw, plain, web]) socket.destroy();
  for (const socket of [anonymous, chatty, huge]) socket.terminate();
  await stopAll(all);
});

test("a peer that does not read is dropped as slow", async () => {
  const all = await ends(2);
  const [a, b] = all as [End, End];
  a.transport.dial(b.address, b.party.identity.id);
  await until(() => a.count("up") === 1, "up");
  const stuck = [
    ...(
      b.transport as unknown as { links: Map<string, { stream: { pause(): void } }> }
    ).links.values(),
  ];
  for (const { stream } of stuck) stream.pause();
  const frame = new Uint8Array(200_000);
  await until(() => {
    a.transport.send(b.party.identity.id, frame);
    return a.reasons("down").includes("slow");
  }, "slow");
  await stopAll(all);
});
