import { concatBytes, equalBytes, utf8 } from "../base/bytes.ts";
import { addressOf, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { randomInt, type SeededRandom } from "../base/random.ts";
import type { Clock, Millis } from "../base/time.ts";
import { silentNodes } from "../office/nodes.ts";
import { ALIVE_KEY, aliveRecord, carryOver, livenessSpans } from "../office/records.ts";
import type { Effect } from "../overlay/effects.ts";
import type { Peer } from "../overlay/messages.ts";
import { Overlay, type OverlayEvent } from "../overlay/overlay.ts";
import type { OverlayParameters } from "../overlay/parameters.ts";
import type { Entry } from "../replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../replica/entry-codec.ts";
import type { Held } from "../replica/origin-state.ts";
import { Replica } from "../replica/replica.ts";
import { Writer } from "../replica/writer.ts";
import type { Scheduler } from "./scheduler.ts";

const table = new IdentityTable();
const codec = createEntryCodec(table);

/** What a simulated node needs of its world. */
export interface SimWorld {
  readonly scheduler: Scheduler;
  readonly nodes: ReadonlyMap<NodeId, SimNode>;
  readonly options: { readonly parameters: OverlayParameters };
  perform(node: SimNode, effects: readonly Effect[]): void;
}

/** One simulated node: the daemon's own core, with the world for hands. */
export class SimNode {
  readonly id: NodeId;
  alive = false;
  boot = "";
  replica: Replica;
  overlay: Overlay;
  writer: Writer;
  readonly faults: string[] = [];
  twins = 0;
  /** What the disk holds: everything committed, by origin. */
  disk = new Map<NodeId, { coverage: string; entries: Entry[] }>();
  /** Highest incarnation ever reserved: durable, unlike the rest. */
  private reserved = 0;
  private wakeAtMs: Millis = Number.POSITIVE_INFINITY;
  private wakes = 0;
  private wroteMs: Millis = 0;
  private answering = false;
  readonly clock: Clock;

  constructor(
    private readonly world: SimWorld,
    readonly name: string,
    private readonly random: SeededRandom,
    key: Uint8Array = keyOfName(name),
  ) {
    this.id = nodeIdOfKey(key);
    const { scheduler } = world;
    this.clock = {
      wallMs: () => Date.UTC(2026, 0, 1) + this.wallOffsetMs + scheduler.nowMs,
      monotonicMs: () => scheduler.nowMs,
    };
    ({ replica: this.replica, overlay: this.overlay, writer: this.writer } = this.core());
  }

  /** How far this node's wall clock is off. */
  wallOffsetMs: Millis = 0;

  peer(): Peer {
    return { id: this.id, addresses: [addressOf(this.name, 7946)] };
  }

  /** Starts a process on what the disk holds. */
  start(): void {
    this.boot = randomInt(this.random, 2 ** 32).toString(16);
    ({ replica: this.replica, overlay: this.overlay, writer: this.writer } = this.core());
    for (const [origin, { coverage, entries }] of this.disk) {
      const held: Held[] = entries.map((entry) => ({ entry, heardMs: this.now() }));
      this.replica.restore(origin, coverage, held);
    }
    this.alive = true;
    this.spread(this.writer.begin(this.now(), this.clock.wallMs()));
    this.sayAlive(this.boot);
  }

  /** Writes under a key; with "durable" it is on the disk afterwards. */
  write(
    key: string,
    text: string | undefined,
    durability: "durable" | "batched" = "batched",
  ): void {
    const value = text === undefined ? undefined : utf8(text);
    this.spread(this.writer.write(key, value, this.now(), this.clock.wallMs()));
    this.wroteMs = this.now();
    if (durability === "durable") this.commit();
  }

  /** What a commit leaves on the disk. */
  commit(): void {
    this.disk = new Map(
      [...this.replica.origins()].map((state) => [
        state.origin,
        { coverage: state.coverage(), entries: [...state.rows.values()].map(({ entry }) => entry) },
      ]),
    );
  }

  /** Learns of others as mDNS would tell. */
  hint(peers: readonly SimNode[]): void {
    for (const other of peers) {
      if (other !== this) this.handle({ type: "hint", peer: other.peer() });
    }
  }

  handle(event: OverlayEvent): void {
    if (!this.alive) return;
    this.world.perform(this, this.overlay.handle(event, this.now()));
    this.wakeLater();
  }

  observe(effect: Effect): void {
    if (effect.type === "misbehaved") this.faults.push(effect.fault);
    if (effect.type !== "deliver") return;
    for (const entry of effect.entries) {
      if (entry.origin !== this.id) continue;
      const foreign = this.writer.notice(entry);
      if (foreign === "twin") this.twins += 1;
      if (foreign !== "none") this.answerSoon();
    }
  }

  text(origin: NodeId, key: string): string | undefined {
    const value = this.replica.get(origin, key)?.entry.value;
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }

  private answerSoon(): void {
    if (this.answering) return;
    this.answering = true;
    const { boot } = this;
    this.world.scheduler.at(this.now() + 300, () => {
      this.answering = false;
      if (!this.alive || this.boot !== boot) return;
      this.spread(this.writer.answer(this.now(), this.clock.wallMs()));
    });
  }

  private sayAlive(boot: string): void {
    const { aliveMs } = livenessSpans(this.world.nodes.size);
    this.world.scheduler.at(this.now() + aliveMs, () => {
      if (!this.alive || this.boot !== boot) return;
      if (this.now() - this.wroteMs >= aliveMs) {
        const value = aliveRecord.encode({ uptimeMs: Math.floor(this.now()) });
        this.spread(this.writer.write(ALIVE_KEY, value, this.now(), this.clock.wallMs()));
        this.wroteMs = this.now();
      }
      this.sayAlive(boot);
    });
  }

  private spread(entries: readonly Entry[]): void {
    this.handle({ type: "written", entries });
  }

  private now(): Millis {
    return this.world.scheduler.nowMs;
  }

  private wakeLater(): void {
    const atMs = Math.max(this.now() + 1, this.overlay.wakeAtMs());
    if (this.wakeAtMs > this.now() && this.wakeAtMs <= atMs) return;
    this.wakeAtMs = atMs;
    this.wakes += 1;
    const wake = this.wakes;
    this.world.scheduler.at(atMs, () => {
      if (wake === this.wakes) this.handle({ type: "wake" });
    });
  }

  private core(): { replica: Replica; overlay: Overlay; writer: Writer } {
    const { id: self, clock, random } = this;
    const replica = new Replica({
      hash: simHash,
      verify: (entry) => equalBytes(entry.signature, simSign(entry.origin, entry.body)),
      admit: (_, credential) => credential.length > 0,
    });
    const writer = new Writer(replica, {
      self,
      credential: utf8("member"),
      boot: this.boot,
      moved: false,
      random,
      codec,
      sign: (body) => simSign(self, body),
      carry: carryOver,
      reserved: this.reserved,
      reserve: (incarnation) => {
        this.reserved = incarnation;
      },
    });
    const overlay = new Overlay({
      self,
      addresses: () => this.peer().addresses,
      replica,
      parameters: this.world.options.parameters,
      random,
      clock,
      silent: (nowMs) => silentNodes(replica, self, nowMs),
    });
    return { replica, overlay, writer };
  }
}

/** A key for a name: stands for a key pair where nobody forges. */
export function keyOfName(name: string): Uint8Array {
  return simHash(utf8(name));
}

/** Stands for SHA-256: 32 bytes of FNV-1a with eight different starts. */
export function simHash(bytes: Uint8Array): Uint8Array {
  const words = new Uint32Array(8);
  for (let word = 0; word < 8; word++) {
    let hash = (0x811c9dc5 ^ Math.imul(word + 1, 0x9e3779b9)) >>> 0;
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
    words[word] = Math.imul(hash ^ (hash >>> 15), 0x85ebca6b) >>> 0;
  }
  return new Uint8Array(words.buffer);
}

/** Stands for a signature. */
export function simSign(origin: NodeId, body: Uint8Array): Uint8Array {
  const half = simHash(concatBytes([utf8(origin), body]));
  return concatBytes([half, half]);
}
