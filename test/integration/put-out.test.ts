import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { MeshDocument, NodeDocument } from "../../src/api/types.ts";
import { addressOf, type NodeId } from "../../src/base/id.ts";
import { NODE_KEY, nodeRecord } from "../../src/office/records.ts";
import { BIRTH_KEY, encodeBirth } from "../../src/replica/birth.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { agree, cli } from "./joining-nodes.ts";
import { until } from "./lan.ts";
import { MeshMember } from "./mesh-member.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

/** What any step may take on a loaded machine. */
const STEP_MS_MAX = 30_000;
const NAMES = ["a", "b", "c"] as const;
const SAYS_EVERY_MS = 200;
/** Another life than the nodes' own would begin with. */
const INCARNATION = 2 ** 32 + 7;

const root = (() => {
  const made = identityFromPem(generateKeyPem());
  assert.ok(made.ok);
  return made.value;
})();

/** A member that answers keep-alives, holds on to its links and goes on writing. */
class Clinging {
  readonly member = new MeshMember(root);
  private readonly birth: Entry;
  private seq = 1;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly ports: readonly number[]) {
    const { credential } = this.member;
    const from = { supersedes: { incarnation: 0, seq: 0 }, answers: 0, moved: 0 };
    const value = encodeBirth({ base: 1, ...from, credential, boot: "member" });
    this.birth = this.said(BIRTH_KEY, value);
    this.member.party.reaction = (event) => {
      if (event.type === "frame") this.answerPing(event.peer, event.bytes);
      const join = { type: "join", addresses: [] } as const;
      const { party } = this.member;
      if (event.type === "up") party.transport.send(event.peer, this.member.frame(join));
    };
  }

  get id(): NodeId {
    return this.member.papers.identity.id;
  }

  get links(): number {
    return this.member.party.transport.stats().length;
  }

  /** Dials everybody with whom it has no link, and says the next thing to all others. */
  start(): void {
    this.timer = setInterval(() => this.turn(), SAYS_EVERY_MS);
  }

  stop(): Promise<void> {
    clearInterval(this.timer);
    return this.member.leave();
  }

  private turn(): void {
    const { transport } = this.member.party;
    const linked = transport.stats();
    const remotes = new Set<string>(linked.map(({ remote }) => remote));
    const addresses = this.ports.map((port) => addressOf("127.0.0.1", port));
    for (const address of addresses) if (!remotes.has(address)) transport.dial(address, undefined);
    const rumours = [this.birth, this.next()].map((entry) => ({ entry, round: 1 }));
    const frame = this.member.frame({ type: "gossip", rumours });
    for (const { peer } of linked) transport.send(peer, frame);
  }

  /** Each time another room. */
  private next(): Entry {
    this.seq += 1;
    const about = { name: "mole", room: `room-${this.seq}`, version: "1", addresses: [], api: [] };
    return this.said(NODE_KEY, nodeRecord.encode(about));
  }

  private said(key: string, value: Uint8Array): Entry {
    const dot = { incarnation: INCARNATION, seq: this.seq };
    return this.member.entry({ key, dot, stamp: { wallMs: Date.now(), counter: 0 }, value });
  }

  private answerPing(peer: NodeId, bytes: Uint8Array): void {
    const nonce = this.member.pingOf(bytes);
    if (nonce === undefined) return;
    this.member.party.transport.send(peer, this.member.frame({ type: "pong", nonce }));
  }
}

test("a node that does not heed that it was put out is cut off by all others", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-put-out-"));
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, root.privateKeyPem, { mode: 0o600 });
  const ports = await freePorts(NAMES.length);
  const nodes = NAMES.map((name, at) => {
    const [meshPort = 0] = ports.slice(at);
    const peerPorts = ports.filter((port) => port !== meshPort);
    const data = join(folder, name);
    return new NodeProcess({ name, data, secretFile, meshPort, peerPorts, sensors: [] });
  });
  const [a, b] = nodes;
  assert.ok(a !== undefined && b !== undefined);
  const mole = new Clinging(ports);
  t.after(async () => {
    await mole.stop();
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  for (const node of nodes) node.start();
  await agree(nodes, "a,b,c");
  await mole.member.party.start();
  mole.start();
  const meshes = () => Promise.all(nodes.map((node) => node.get<MeshDocument>("/v1/mesh")));
  const hold = async () => (await meshes()).every((one) => one?.active.includes(mole.id));
  await until(hold, STEP_MS_MAX, "all have it as a neighbour");
  const known = async () =>
    ((await b.get<NodeDocument[]>("/v1/nodes")) ?? []).some(({ name }) => name === "mole");
  await until(known, STEP_MS_MAX, "what it writes is heard");

  const put = await cli(a, "forget", mole.id);
  assert.equal(put.code, 0, put.stderr);
  const startMs = performance.now();
  const isOut = async () =>
    (await meshes()).every((one) => one?.links.every(({ id }) => id !== mole.id)) &&
    mole.links === 0;
  await until(isOut, STEP_MS_MAX, "nobody has a link with it");
  console.log(`# cut off by all after ${Math.round(performance.now() - startMs)} ms`);
  // It knocks again the whole time; each node turned it away since, and none took a word of it.
  const { party } = mole.member;
  const turnedAway = () =>
    party.reasons("dial-failed").filter((why) => why === "not-member").length;
  const before = turnedAway();
  const again = async () => turnedAway() > before + 2 * NAMES.length;
  await until(again, STEP_MS_MAX, "it is turned away again and again");
  assert.equal(mole.links, 0);
  await agree(nodes, "a,b,c");
  assert.ok(await isOut());
});
