import { toHex } from "../../base/bytes.ts";
import type { NodeId } from "../../base/id.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import { HASHES_MAX } from "../../history/letters.ts";
import { decodeManifest, type SpanName } from "../../history/manifest.ts";
import { type ClosedSpan, parsePublishedKey } from "../../history/published.ts";
import { decodeSegment, type Segment } from "../../history/segment.ts";
import { PLANS, TIERS, type Tier } from "../../history/tiers.ts";
import type { Peer } from "../../overlay/messages.ts";
import type { Entry } from "../../replica/entry.ts";
import type { HistoryFile } from "../../store/history.ts";
import type { Correspondence } from "./correspondence.ts";
import type { Historian } from "./historian.ts";
import type { Library } from "./library.ts";
import type { MissedEntries } from "./missed-entries.ts";
import type { Publisher } from "./publisher.ts";
import type { Hash } from "./segments.ts";

/** Peers asked for one thing before it is put off. */
const PEERS_TRIED_MAX = 4;
/** What nobody has is asked for again after 4 s, then 8, up to an hour. Guesses. */
const AGAIN_MS_FIRST = 4 * SECOND_MS;
const AGAIN_MS_LAST = 60 * MINUTE_MS;
/** Put off for so long, it is not waited for any more: nobody may have it. */
const GIVEN_UP_MS = 8 * MINUTE_MS;
/** Answers to one question about what is unsealed. A guess: 60 kB each. */
const PAGES_MAX = 32;
/** Peers asked for what was missed: one may have missed the same. */
const UNSEALED_PEERS = 2;

interface Gap extends SpanName {
  /** Of the manifest, as its origin published it, in hexadecimal. */
  readonly hash: string;
}

interface PutOff {
  readonly untilMs: Millis;
  readonly spanMs: Millis;
}

export interface CatchUpParts {
  readonly self: NodeId;
  readonly historian: Historian;
  readonly library: Library;
  readonly file: HistoryFile;
  readonly publisher: Publisher;
  readonly correspondence: Correspondence;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly missed: MissedEntries;
  /** Whether this node keeps a tier of an origin for long. */
  keeps(origin: NodeId, tier: Tier): boolean;
  origins(): Iterable<NodeId>;
  /** Lets other work go first. */
  pause(): Promise<void>;
  /** Whom to ask about an origin, the best first. */
  peersFor(origin: NodeId): readonly Peer[];
}

/**
 * Fetches what this node missed. A closed span is known by the hash that its origin signed, so that
 * any peer may give it; what is not closed yet is taken on a neighbour's word until it is.
 */
export class CatchUp {
  /** Spans that are complete here, by name, with the hash of their manifest. */
  private readonly complete = new Map<string, string>();
  private readonly putOff = new Map<string, PutOff>();
  private readonly stale = new Set<NodeId>();
  private isWorking = false;
  private isStopped = false;

  constructor(private readonly parts: CatchUpParts) {}

  /** Everything is to be looked at anew, in the next round. */
  start(): void {
    for (const origin of this.parts.origins()) this.published(origin);
  }

  stop(): void {
    this.isStopped = true;
  }

  hear(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (parsePublishedKey(entry.key) !== undefined) this.published(entry.origin);
    }
  }

  private published(origin: NodeId): void {
    this.stale.add(origin);
    const newest = this.parts.publisher.of(origin, "raw").at(-1);
    if (newest === undefined) return;
    this.parts.historian.closedBy(origin, newest.startMs + PLANS.raw.spanMs);
  }

  /** Does what there is to do, unless it is being done. */
  async round(): Promise<void> {
    if (this.isWorking || this.isStopped) return;
    this.isWorking = true;
    try {
      for (const origin of this.parts.missed.take()) await this.fetchUnsealed(origin);
      for (const origin of [...this.stale]) await this.bringUpToDate(origin);
    } finally {
      this.isWorking = false;
    }
  }

  /** Fetches closed spans of a range now, also those that this node does not keep for long. */
  async fill(origin: NodeId, tier: Tier, fromMs: Millis, toMs: Millis): Promise<void> {
    const { spanMs } = PLANS[tier];
    for (const { startMs, hash } of this.parts.publisher.of(origin, tier)) {
      if (startMs + spanMs <= fromMs || startMs >= toMs || this.isStopped) continue;
      const gap = { origin, tier, startMs, hash: toHex(hash) };
      if (!this.isHere(gap, gap.hash) && this.mayAsk(gap)) await this.fetch(gap);
    }
  }

  /** Whether a span, or what it is rolled up from, is still to come from peers. */
  awaits({ origin, tier, startMs }: SpanName): boolean {
    const { spanMs, from } = PLANS[tier];
    const isMissing = (part: Tier) => (span: ClosedSpan) => {
      const gap = { origin, tier: part, startMs: span.startMs };
      if (span.startMs < startMs || span.startMs >= startMs + spanMs) return false;
      if (this.isHere(gap, toHex(span.hash))) return false;
      return (this.putOff.get(nameOf(gap))?.spanMs ?? 0) < GIVEN_UP_MS;
    };
    const parts = from === undefined ? [tier] : [tier, from];
    return parts.some((part) => this.parts.publisher.of(origin, part).some(isMissing(part)));
  }

  private async bringUpToDate(origin: NodeId): Promise<void> {
    let left = 0;
    for (const tier of TIERS) {
      if (!this.parts.keeps(origin, tier)) continue;
      for (const { startMs, hash } of this.parts.publisher.of(origin, tier)) {
        const gap = { origin, tier, startMs, hash: toHex(hash) };
        if (this.complete.get(nameOf(gap)) === gap.hash) continue;
        await this.parts.pause();
        if (this.isStopped) return;
        if (this.isHere(gap, gap.hash)) continue;
        if (this.mayAsk(gap) && (await this.fetch(gap))) continue;
        left += 1;
      }
    }
    if (left === 0) this.stale.delete(origin);
  }

  /** Whether a span is complete here. What is equal to the published is sealed from now on. */
  private isHere(span: SpanName, hash: string): boolean {
    const name = nameOf(span);
    if (this.complete.get(name) === hash) return true;
    const { library, file, self } = this.parts;
    const heads = library.heads(span);
    // Of its own this node lacks only what it lost: what it has may be newer than what it told.
    const isOwn = span.origin === self && heads.length > 0;
    if (!isOwn && library.manifestHash(span) !== hash) return false;
    const open = heads.filter(({ head }) => head.seal === "open").map(({ head }) => head);
    if (open.length > 0 && !file.commit({ seal: open }).ok) return false;
    this.complete.set(name, hash);
    return true;
  }

  private mayAsk(gap: Gap): boolean {
    const { historian, clock } = this.parts;
    const series = historian.book.ofOrigin(gap.origin);
    // Its readings are on their way into a segment, which may turn out equal.
    if (gap.tier === "raw" && series.some(({ open }) => open.has(gap.startMs))) return false;
    return (this.putOff.get(nameOf(gap))?.untilMs ?? 0) <= clock.monotonicMs();
  }

  private async fetch(gap: Gap): Promise<boolean> {
    const peers = this.parts.peersFor(gap.origin).slice(0, PEERS_TRIED_MAX);
    for (const peer of peers) {
      if (!(await this.fetchFrom(peer, gap))) continue;
      this.complete.set(nameOf(gap), gap.hash);
      this.putOff.delete(nameOf(gap));
      this.parts.historian.touch(gap.origin);
      return true;
    }
    const last = this.putOff.get(nameOf(gap))?.spanMs ?? AGAIN_MS_FIRST / 2;
    const spanMs = peers.length === 0 ? SECOND_MS : Math.min(AGAIN_MS_LAST, last * 2);
    this.putOff.set(nameOf(gap), { untilMs: this.parts.clock.monotonicMs() + spanMs, spanMs });
    return false;
  }

  private async fetchFrom(peer: Peer, gap: Gap): Promise<boolean> {
    const { correspondence, hash, library } = this.parts;
    const { origin, tier, startMs } = gap;
    const span = { origin, tier, startMs, hashes: [], skip: 0 };
    const [body] = (await correspondence.ask(peer, { ...span, wanted: "manifest" }))?.bodies ?? [];
    if (body === undefined || toHex(hash(body)) !== gap.hash) return false;
    const manifest = decodeManifest(body);
    if (!manifest.ok || nameOf(manifest.value) !== nameOf(gap)) return false;
    const here = new Set(library.heads(gap).map(({ head }) => toHex(head.hash)));
    let missing = manifest.value.parts.filter((part) => !here.has(toHex(part)));
    while (missing.length > 0) {
      const hashes = missing.slice(0, HASHES_MAX);
      const given = await correspondence.ask(peer, { ...span, wanted: "segments", hashes });
      const taken = new Set((given?.bodies ?? []).map((one) => this.take(one, gap, hashes)));
      const left = missing.filter((part) => !taken.has(toHex(part)));
      if (left.length === missing.length) return false;
      missing = left;
    }
    return true;
  }

  /** Keeps a segment that was asked for; gives its hash, or undefined where it is none. */
  private take(body: Uint8Array, gap: Gap, asked: readonly Uint8Array[]): string | undefined {
    const { hash: hashOf, historian, file } = this.parts;
    const hash = hashOf(body);
    const decoded = decodeSegment(body);
    if (!asked.some((one) => toHex(one) === toHex(hash)) || !decoded.ok) return undefined;
    const { series, tier, startMs } = decoded.value;
    if (nameOf({ origin: series.origin, tier, startMs }) !== nameOf(gap)) return undefined;
    const state = historian.book.find(series);
    if (state === undefined) return undefined;
    const place = { series: state.number, tier, startMs };
    const put = [{ ...place, seal: "sealed" as const, hash, body }];
    if (!file.commit({ series: historian.book.unsaved(), put }).ok) return undefined;
    historian.book.saved();
    historian.replaced(place);
    return toHex(hash);
  }

  private async fetchUnsealed(origin: NodeId): Promise<void> {
    const { historian, publisher, correspondence } = this.parts;
    const closed = publisher.of(origin, "raw").at(-1);
    const startMs = closed === undefined ? 0 : closed.startMs + PLANS.raw.spanMs;
    const ask = { origin, tier: "raw", startMs, wanted: "unsealed", hashes: [] } as const;
    let isAnswered = false;
    for (const peer of this.parts.peersFor(origin).slice(0, UNSEALED_PEERS)) {
      let skip = 0;
      for (let page = 0; page < PAGES_MAX && !this.isStopped; page++) {
        const given = await correspondence.ask(peer, { ...ask, skip });
        if (given !== undefined) isAnswered = true;
        for (const body of given?.bodies ?? []) {
          const decoded = decodeSegment(body);
          if (decoded.ok && isPartOf(decoded.value, origin, startMs))
            historian.learn(decoded.value);
        }
        skip += given?.bodies.length ?? 0;
        if (given?.rest !== "more" || given.bodies.length === 0) break;
      }
    }
    if (!isAnswered) this.parts.missed.suspect(origin);
  }
}

function isPartOf({ series, tier, startMs }: Segment, origin: NodeId, fromMs: Millis): boolean {
  return series.origin === origin && tier === "raw" && startMs >= fromMs;
}

function nameOf({ origin, tier, startMs }: SpanName): string {
  return `${origin} ${tier} ${startMs}`;
}
