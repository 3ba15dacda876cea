import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { connect as tlsConnect } from "node:tls";
import type { HealthDocument, MeshDocument, ReadingDocument } from "../../src/api/types.ts";
import { addressOf } from "../../src/base/id.ts";
import { readingKey } from "../../src/office/records.ts";
import { WIRE_VERSION } from "../../src/overlay/codec.ts";
import { generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { makePapers, openAs, p256Papers } from "../contract/link-certificates.ts";
import { until } from "./lan.ts";
import { MeshMember } from "./mesh-member.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

const START_MS_MAX = 30_000;
const MOVE_MS_MAX = 15_000;
/** A node that has just written says nothing more by itself for this long (records.ts: 8 s). */
const QUIET_MS = 7_500;
/** A machine so loaded that the quiet is over each time is no place for this test. */
const TRIES_MAX = 5;
/** Of each node: its birth, who it is, whom it is linked to, one reading. */
const ENTRIES_MIN = 2 * 4;
const FLOOD = 200;
/** Gossip, vector and delta: what carries entries. Others could make the member a neighbour. */
const NOISY_TYPES = [16, 33, 34];
/** What hostile input may make a node need beside what it had, MiB. A guess, for 512 MB Pis. */
const GROWTH_MIB_MAX = 64;

const REFUSED = "watercooler_connections_refused_total";
const REJECTED = "watercooler_entries_rejected_total";
const UNREADABLE = "watercooler_frames_rejected_total";
const RECEIVED = "watercooler_frames_received_total";
const LOST = "watercooler_links_lost_total";

const folder = mkdtempSync(join(tmpdir(), "watercooler-hostile-"));
const secret = generateKeyPem();
writeFileSync(join(folder, "mesh.secret"), secret, { mode: 0o600 });
const rootOf = (pem: string) => {
  const root = identityFromPem(pem);
  assert.ok(root.ok);
  return root.value;
};
const root = rootOf(secret);
const otherRoot = rootOf(generateKeyPem());
const cleanups: (() => unknown)[] = [];

async function push(value: number, ...nodes: readonly NodeProcess[]): Promise<void> {
  const answers = await Promise.all(nodes.map((node) => node.push("box", value)));
  assert.ok(
    answers.every((status) => status === 202),
    answers.join(),
  );
}

/** The value of one sample of a node's metrics, 0 where there is none yet. */
async function count(node: NodeProcess, metric: string, label: string): Promise<number> {
  const lines = (await node.text("/metrics")).split("\n");
  const line = lines.find((one) => one.startsWith(metric) && one.includes(`"${label}"`));
  return Number(line?.split(" ").at(-1) ?? 0);
}

/** Memory in use now and at the most so far, MiB. */
function memoryOf({ pid }: NodeProcess): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (what: string) => Number(new RegExp(`${what}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

type Attack = () => Promise<unknown>;

test("hostile input over real sockets harms no node", async (t) => {
  const [portA = 0, portB = 0] = await freePorts(2);
  const nodeAt = (name: string, meshPort: number, peerPort: number) =>
    new NodeProcess({
      name,
      data: join(folder, name),
      secretFile: join(folder, "mesh.secret"),
      meshPort,
      peerPorts: [peerPort],
      sensors: [{ platform: "push", name: "box" }],
    });
  const [a, b] = [nodeAt("a", portA, portB), nodeAt("b", portB, portA)];
  const nodes = [a, b];
  t.after(async () => {
    for (const cleanup of cleanups) await cleanup();
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  for (const node of nodes) node.start();
  const states = async () => {
    const all = await Promise.all(nodes.map((node) => node.get<MeshDocument>("/v1/mesh")));
    return all.filter((one) => one !== undefined);
  };
  const agree = async () => {
    const all = await states();
    const settled = all.every(({ entries }) => entries >= ENTRIES_MIN);
    return all.length === 2 && settled && new Set(all.map(({ digest }) => digest)).size === 1;
  };
  const up = async () => (await states()).length === 2;
  await until(up, START_MS_MAX, "both up");
  await push(1, ...nodes);
  await until(agree, START_MS_MAX, "two nodes that agree");
  const end = { host: "127.0.0.1", port: portA };
  const address = addressOf(end.host, end.port);
  const good = { papers: makePapers() };
  const foreign = { papers: makePapers() };
  let mole = new MeshMember(root);
  const weak = await p256Papers();
  const calm = memoryOf(a);
  let value = 10;

  /** Makes a moment in which no node writes by itself. */
  const settle = async () => {
    value += 0.5;
    await push(value, ...nodes);
    const pushedMs = performance.now();
    await until(agree, MOVE_MS_MAX, "agreement");
    return pushedMs;
  };

  const harmless = (what: string, metric: string, label: string, attack: Attack) =>
    t.test(what, async () => {
      for (let tries = 0; ; tries++) {
        assert.ok(tries < TRIES_MAX, "no quiet moment: the machine is too busy");
        const pushedMs = await settle();
        const before = await states();
        const counted = await count(a, metric, label);
        await attack();
        // Another each time: what this one did is held against it.
        await mole.leave();
        mole = new MeshMember(root);
        const moved = async () => (await count(a, metric, label)) > counted;
        await until(moved, MOVE_MS_MAX, `${metric} ${label} moves`);
        const after = await states();
        if (performance.now() - pushedMs > QUIET_MS) continue;
        const picture = ({ digest, entries }: { digest: string; entries: number }) =>
          `${entries} ${digest}`;
        assert.deepEqual(after.map(picture), before.map(picture));
        break;
      }
      for (const node of nodes) assert.ok(node.isRunning, node.log);
      const visitor = new MeshMember(root, good);
      await visitor.join(address);
      await visitor.leave();
    });

  const keep = <Thing extends { destroy(): unknown } | { terminate(): unknown }>(thing: Thing) => {
    cleanups.push(() => ("destroy" in thing ? thing.destroy() : thing.terminate()));
    return thing;
  };
  const raw = async (bytes: Uint8Array) => {
    const socket = keep(connect(end, () => socket.write(bytes)));
    socket.on("error", () => {}).resume();
  };
  const inTls = async (options: { key?: string; cert?: string }, bytes: Uint8Array) => {
    const all = { ...end, ...options, rejectUnauthorized: false };
    const socket = keep(tlsConnect(all, () => socket.write(bytes)));
    socket.on("error", () => {}).resume();
  };
  const card = { key: mole.papers.keyPem, cert: mole.papers.certificatePem };

  await harmless("random bytes", REFUSED, "no-tls", () => raw(randomBytes(5_000)));
  await harmless("random bytes inside TLS", REFUSED, "not-websocket", () =>
    inTls(card, randomBytes(5_000)),
  );
  await harmless("no certificate", REFUSED, "no-certificate", () => inTls({}, randomBytes(10)));
  await harmless("a P-256 certificate", REFUSED, "wrong-key", () =>
    inTls({ key: weak.keyPem, cert: weak.certificatePem }, randomBytes(10)),
  );
  await harmless("no hello", REFUSED, "no-hello", async () => {
    keep(openAs(mole.papers, address));
  });
  await harmless("a huge frame before the hello", REFUSED, "oversize", async () => {
    const socket = keep(openAs(mole.papers, address));
    socket.once("open", () => socket.send(Buffer.alloc(20_000_000)));
  });
  for (const [what, claims] of [
    ["a peer of another mesh", otherRoot.id],
    ["a credential of another mesh in a hello for this one", root.id],
  ] as const) {
    await harmless(what, REFUSED, "not-member", async () => {
      const attacker = new MeshMember(otherRoot, { ...foreign, claims });
      cleanups.push(() => attacker.leave());
      await assert.rejects(attacker.join(address), /not let in: not-member/);
    });
  }

  cleanups.push(() => mole.leave());
  const newest = async () => {
    const peer = await mole.join(address);
    return mole.newest(peer, readingKey("box", "temperature"));
  };
  /** What a member sends over a link that is up: the node closes those that it does not need. */
  const send = async (...frames: readonly Uint8Array[]) => {
    const peer = await mole.join(address);
    for (const frame of frames) mole.send(peer, frame);
  };
  let ahead = 1_000;
  const forged = async () => {
    ahead += 1;
    return mole.forge(await newest(), ahead);
  };

  await harmless("a member's huge frame", LOST, "oversize", async () => {
    const member = new MeshMember(root);
    const socket = keep(await member.bare(address));
    socket.send(Buffer.alloc(20_000_000));
  });
  await harmless("a forged entry, pushed", REJECTED, "forged", async () => {
    const rumours = [{ entry: await forged(), round: 1 }];
    await send(mole.frame({ type: "gossip", rumours }));
  });
  await harmless("a forged entry in a delta", REJECTED, "forged", async () => {
    const entry = await forged();
    const { origin, dot } = entry;
    const from = { ...dot, seq: 0 };
    const delta = { type: "delta", origin, from, to: dot, entries: [entry], rest: "none" } as const;
    await send(mole.frame(delta));
  });
  await harmless("a member that goes on forging is cut off", REJECTED, "banned", async () => {
    const entry = await forged();
    const frame = mole.frame({ type: "gossip", rumours: [{ entry, round: 1 }] });
    await send(...Array.from({ length: 8 }, () => frame));
    const isCut = () => mole.party.count("down") > 0;
    await until(isCut, MOVE_MS_MAX, "the link is cut");
    const health = await a.get<HealthDocument>("/v1/health");
    assert.match(health?.checks.conduct?.detail ?? "", /sent what no node sends/);
    assert.equal(health?.checks.conduct?.status, "degraded");
  });
  const old = await newest();
  await harmless("an old entry again, pushed", RECEIVED, "gossip", async () => {
    assert.notDeepEqual((await newest()).dot, old.dot);
    await send(mole.frame({ type: "gossip", rumours: [{ entry: old, round: 1 }] }));
  });
  await harmless("an old entry again, in a delta", RECEIVED, "delta", async () => {
    const { origin, dot } = old;
    const from = { ...dot, seq: dot.seq - 1 };
    const delta = { type: "delta", origin, from, to: dot, entries: [old], rest: "none" } as const;
    await send(mole.frame(delta));
  });
  await harmless("a frame with a length that lies", UNREADABLE, "malformed", async () => {
    const frame = mole.frame({ type: "gossip", rumours: [{ entry: old, round: 1 }] });
    // Version, type, the field's tag: the next byte begins the length of the first rumour.
    frame.set([0xff, 0xff, 0xff, 0x7f], 3);
    await send(frame);
  });
  await harmless("a frame that ends too soon", UNREADABLE, "malformed", async () => {
    const frame = mole.frame({ type: "gossip", rumours: [{ entry: old, round: 1 }] });
    await send(frame.slice(0, frame.length - 10));
  });
  await harmless("a thousand frames of noise", UNREADABLE, "malformed", async () => {
    const noise = Array.from({ length: 1_000 }, (_, at) => {
      const type = NOISY_TYPES[at % NOISY_TYPES.length] ?? 0;
      return Buffer.from([WIRE_VERSION, type, ...randomBytes(3 + (at % 300))]);
    });
    await send(...noise);
  });
  await harmless(`${FLOOD} strangers at once`, REFUSED, "busy", async () => {
    const sockets = Array.from({ length: FLOOD }, () => keep(connect(end)));
    for (const socket of sockets) socket.on("error", () => {}).resume();
    await until(() => sockets.some(({ closed }) => closed), MOVE_MS_MAX, "some are turned away");
    for (const socket of sockets) socket.destroy();
  });

  await t.test("the nodes still talk, the log is short, and memory is bounded", async () => {
    await push(33.5, a);
    const there = async () =>
      ((await b.get<ReadingDocument[]>("/v1/readings")) ?? []).some(
        (reading) => reading.value === 33.5,
      );
    await until(there, MOVE_MS_MAX, "the reading at the other node");
    const { now, peak } = memoryOf(a);
    console.log(
      `# memory ${Math.round(calm.now)} MiB before, ${Math.round(now)} after, ` +
        `${Math.round(peak)} at the most`,
    );
    assert.ok(peak - calm.now < GROWTH_MIB_MAX, `${peak} MiB`);
    const lines = a.log.split("\n").filter((line) => /refused a|rejected an|frame/.test(line));
    assert.ok(lines.length < 40, a.log);
    assert.ok(!/^error/m.test(a.log), a.log);
  });
});
