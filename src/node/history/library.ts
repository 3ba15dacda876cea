import { toHex } from "../../base/bytes.ts";
import type { Millis } from "../../base/time.ts";
import { type AskLetter, GIVEN_BYTES_MAX, type GiveLetter } from "../../history/letters.ts";
import { encodeManifest, type Manifest, type SpanName } from "../../history/manifest.ts";
import { encodeSegment } from "../../history/segment.ts";
import { PLANS } from "../../history/tiers.ts";
import type { HistoryFile, SegmentHead } from "../../store/history.ts";
import type { Hash, Segments } from "./segments.ts";
import type { SeriesBook, SeriesState } from "./series-book.ts";

/** Hours of one series that its origin has not closed: a Pi that died, and what came before. */
const UNSEALED_MS_MAX = 48 * PLANS.raw.spanMs;

interface Found {
  readonly state: SeriesState;
  readonly head: SegmentHead;
}

/** What this node can give to peers. */
export class Library {
  constructor(
    private readonly book: SeriesBook,
    private readonly file: HistoryFile,
    private readonly segments: Segments,
    private readonly hash: Hash,
  ) {}

  /** What is here of a span. */
  heads(span: SpanName): readonly Found[] {
    const { origin, tier, startMs: fromMs } = span;
    return this.book.ofOrigin(origin).flatMap((state) => {
      const range = { series: state.number, tier, fromMs, toMs: fromMs + 1 };
      return this.file.heads(range).map((head) => ({ state, head }));
    });
  }

  manifest(span: SpanName): Manifest {
    return { ...span, parts: this.heads(span).map(({ head }) => head.hash) };
  }

  /** The hash by which two peers see whether they have the same of a span. */
  manifestHash(span: SpanName): string {
    return toHex(this.hash(encodeManifest(this.manifest(span))));
  }

  answer(asked: AskLetter): GiveLetter {
    const { nonce, wanted } = asked;
    if (wanted === "manifest") {
      const manifest = this.manifest(asked);
      const bodies = manifest.parts.length === 0 ? [] : [encodeManifest(manifest)];
      return { type: "give", nonce, bodies, rest: "none" };
    }
    const bodies: Uint8Array[] = [];
    let bytes = 0;
    for (const body of wanted === "segments" ? this.wanted(asked) : this.unsealed(asked)) {
      bytes += body.length;
      if (bytes > GIVEN_BYTES_MAX) return { type: "give", nonce, bodies, rest: "more" };
      bodies.push(body);
    }
    return { type: "give", nonce, bodies, rest: "none" };
  }

  private *wanted(asked: AskLetter): IterableIterator<Uint8Array> {
    const hashes = new Set(asked.hashes.map(toHex));
    for (const { state, head } of this.heads(asked)) {
      if (!hashes.has(toHex(head.hash))) continue;
      const range = { ...head, fromMs: head.startMs, toMs: head.startMs + 1, series: state.number };
      for (const { body } of this.file.segments(range)) yield body;
    }
  }

  private *unsealed({ origin, startMs, skip }: AskLetter): IterableIterator<Uint8Array> {
    let place = 0;
    for (const state of this.book.ofOrigin(origin)) {
      for (const start of this.unsealedStarts(state, startMs)) {
        place += 1;
        if (place <= skip) continue;
        const segment = this.segments.hour(state, start, state.open.get(start));
        if (segment !== undefined) yield encodeSegment(segment);
      }
    }
  }

  private unsealedStarts(state: SeriesState, fromMs: Millis): readonly Millis[] {
    const range = { series: state.number, tier: "raw", toMs: Number.MAX_SAFE_INTEGER } as const;
    const all = this.file.heads({ ...range, fromMs }).filter(({ seal }) => seal === "open");
    const newest = Math.max(fromMs, ...state.open.keys(), ...all.map(({ startMs }) => startMs));
    const stored = all.filter(({ startMs }) => startMs >= newest - UNSEALED_MS_MAX);
    const starts = new Set(stored.map(({ startMs }) => startMs));
    for (const start of state.open.keys()) if (start >= fromMs) starts.add(start);
    return [...starts].sort((left, right) => left - right);
  }
}
