import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { type Random, randomInt } from "../base/random.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import { createFrameCodec } from "../overlay/codec.ts";
import type { Effect } from "../overlay/effects.ts";
import { Overlay, type OverlayEvent } from "../overlay/overlay.ts";
import { createEntryCodec, IdentityTable } from "../replica/entry-codec.ts";
import { Replica } from "../replica/replica.ts";
import { Writer } from "../replica/writer.ts";
import { Links } from "./links.ts";
import { isSealed, Names, sealOf, sha256 } from "./names.ts";
import type { Body } from "./protocol.ts";
import type { Setting } from "./settings.ts";
import type { Timing } from "./timing.ts";

/** Says that a node lives, when it has written nothing else. */
const ALIVE_KEY = "alive";
const ALIVE_MS: Millis = 4 * SECOND_MS;
/** Who was not heard of for so long is looked for; the rest is time for an entry to arrive. */
const SILENT_MS: Millis = 7 * SECOND_MS;

export interface MeshOptions {
  readonly self: string;
  readonly nodes: readonly string[];
  readonly setting: Setting;
  readonly timing: Timing;
  readonly random: Random;
  send(to: string, body: Body): void;
}

/** The daemon's own core, driven as the daemon drives it; only the links are others. */
export class Mesh {
  readonly self: NodeId;
  readonly replica: Replica;
  readonly overlay: Overlay;
  private readonly writer: Writer;
  private readonly links: Links;
  private readonly names: Names;
  private readonly heardMs = new Map<NodeId, Millis>();
  private readonly queue: OverlayEvent[] = [];
  private draining = false;
  private wroteMs: Millis = 0;
  private wakeAtMs: Millis = Number.POSITIVE_INFINITY;
  private cancelWake: () => void = () => {};

  constructor(private readonly options: MeshOptions) {
    const { self: name, nodes, setting, timing, random, send } = options;
    this.names = new Names([name, ...nodes]);
    const table = new IdentityTable();
    const self = this.names.idOf(name) as NodeId;
    this.self = self;
    this.replica = new Replica({ hash: sha256, verify: isSealed, admit: () => true });
    this.writer = new Writer(this.replica, {
      self,
      credential: utf8("member"),
      boot: toHex(sha256(utf8(`${name} ${randomInt(random, 2 ** 48)}`)).subarray(0, 8)),
      moved: false,
      random,
      codec: createEntryCodec(table),
      sign: (body) => sealOf(self, body),
      carry: () => undefined,
      reserved: 0,
      reserve: () => {},
    });
    this.overlay = new Overlay({
      self,
      addresses: () => [],
      replica: this.replica,
      parameters: setting.parameters,
      random,
      clock: { wallMs: timing.wallMs, monotonicMs: timing.nowMs },
      silent: (nowMs) => this.silent(nowMs),
    });
    this.links = new Links({
      self: name,
      names: this.names,
      codec: createFrameCodec(table),
      timing,
      random,
      batchMs: setting.batchMs,
      send,
      happened: (event) => this.happened(event),
    });
  }

  /** Begins to look for the others. */
  start(): void {
    const { timing } = this.options;
    const nowMs = timing.nowMs();
    for (const id of this.names.all()) this.heardMs.set(id, nowMs);
    this.happened({ type: "written", entries: this.writer.begin(nowMs, timing.wallMs()) });
    for (const id of this.names.all()) {
      if (id !== this.self) this.happened({ type: "hint", peer: { id, addresses: [] } });
    }
    this.sayAlive();
  }

  /** Whether every node of the mesh was heard of. */
  isWhole(): boolean {
    return this.names.all().every((id) => this.replica.state(id) !== undefined);
  }

  /** Says something under a key of this node's own. */
  write(key: string, value: Uint8Array): void {
    const { timing } = this.options;
    this.wroteMs = timing.nowMs();
    const entries = this.writer.write(key, value, this.wroteMs, timing.wallMs());
    this.happened({ type: "written", entries });
  }

  /** Takes what another node's links sent. */
  receive(from: string, body: Body): void {
    this.links.receive(from, body);
  }

  private happened(event: OverlayEvent): void {
    this.queue.push(event);
    if (this.draining) return;
    this.draining = true;
    for (let next = this.queue.shift(); next !== undefined; next = this.queue.shift()) {
      const nowMs = this.options.timing.nowMs();
      for (const effect of this.overlay.handle(next, nowMs)) this.perform(effect, nowMs);
    }
    this.draining = false;
    this.wakeLater();
  }

  private perform(effect: Effect, nowMs: Millis): void {
    if (effect.type === "send") this.links.send(effect.to, effect.message);
    else if (effect.type === "dial") this.links.dial(effect.peer.id);
    else if (effect.type === "close") this.links.close(effect.peer);
    else if (effect.type === "deliver") {
      for (const { origin } of effect.entries) this.heardMs.set(origin, nowMs);
    }
  }

  private wakeLater(): void {
    const { timing } = this.options;
    const nowMs = timing.nowMs();
    const atMs = Math.max(nowMs + 1, this.overlay.wakeAtMs());
    if (this.wakeAtMs > nowMs && this.wakeAtMs <= atMs) return;
    this.cancelWake();
    this.wakeAtMs = atMs;
    this.cancelWake = timing.after(atMs - nowMs, () => {
      this.wakeAtMs = Number.POSITIVE_INFINITY;
      this.happened({ type: "wake" });
    });
  }

  private sayAlive(): void {
    const { timing } = this.options;
    const quietMs = timing.nowMs() - this.wroteMs;
    if (quietMs >= ALIVE_MS) this.write(ALIVE_KEY, utf8("1"));
    timing.after(quietMs >= ALIVE_MS ? ALIVE_MS : ALIVE_MS - quietMs, () => this.sayAlive());
  }

  private silent(nowMs: Millis): readonly NodeId[] {
    const lost = [...this.heardMs].filter(([, heardMs]) => nowMs - heardMs > SILENT_MS);
    return lost.map(([id]) => id).filter((id) => id !== this.self);
  }
}
