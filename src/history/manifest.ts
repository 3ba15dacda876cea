import { compareBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import { attempt, Reader, Writer } from "../base/tlv.ts";
import { TIERS, type Tier } from "./tiers.ts";

export const HASH_BYTES = 32;
/** An origin has no more series (`series-book.ts`), and some may have changed rooms. */
const PARTS_MAX = 512;
const FORMAT = 1;

/** One span of one origin in one tier. */
export interface SpanName {
  readonly origin: NodeId;
  readonly tier: Tier;
  readonly startMs: Millis;
}

/** What an origin has of a span: the hashes of its segments, rising, each once. */
export interface Manifest extends SpanName {
  readonly parts: readonly Uint8Array[];
}

/** The same on all peers that have the same segments. */
export function encodeManifest({ origin, tier, startMs, parts }: Manifest): Uint8Array {
  const writer = new Writer();
  writer.varint(FORMAT);
  writer.block(utf8(origin));
  writer.varint(TIERS.indexOf(tier));
  writer.varint(startMs);
  for (const hash of [...parts].sort(compareBytes)) writer.block(hash);
  return writer.finish();
}

export function decodeManifest(bytes: Uint8Array): Result<Manifest> {
  const read = attempt((): Result<Manifest> => {
    const reader = new Reader(bytes);
    if (reader.varint() !== FORMAT) return err("a manifest of another format");
    const origin = parseNodeId(fromUtf8(reader.block()) ?? "");
    const tier = TIERS[reader.varint()];
    const startMs = reader.varint();
    if (origin === undefined || tier === undefined) return err("a manifest of nobody");
    const parts: Uint8Array[] = [];
    while (!reader.done) {
      const hash = reader.block();
      if (hash.length !== HASH_BYTES || parts.length >= PARTS_MAX) return err("no such hash");
      parts.push(hash.slice());
    }
    return ok({ origin, tier, startMs, parts });
  });
  return read.ok ? read.value : read;
}
