import { fromUtf8, utf8 } from "../base/bytes.ts";
import { parseNodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";
import { bytes, many, mapped, record, uint } from "../base/tlv.ts";
import { HASH_BYTES, type SpanName } from "./manifest.ts";
import { SEGMENT_BYTES_MAX } from "./segment.ts";
import { PLANS, TIERS, type Tier } from "./tiers.ts";

/**
 * What is asked of a span: its manifest, segments of it by their hashes, or, "unsealed", all that
 * the peer has heard from there on and its origin has not closed.
 */
export type Wanted = "manifest" | "segments" | "unsealed";

export interface AskLetter extends SpanName {
  readonly type: "ask";
  /** Chosen by who asks; the answer repeats it. */
  readonly nonce: number;
  readonly wanted: Wanted;
  readonly hashes: readonly Uint8Array[];
  /** Answers to leave out: they were given before. */
  readonly skip: number;
}

export interface GiveLetter {
  readonly type: "give";
  readonly nonce: number;
  /** A manifest, or segments; none where the peer has not what was asked. */
  readonly bodies: readonly Uint8Array[];
  readonly rest: "more" | "none";
}

export type Letter = AskLetter | GiveLetter;

/** Hashes in one question: as many segments as an answer may hold of usual ones. */
export const HASHES_MAX = 32;
/** Bodies of one answer together, within a letter's limit. */
export const GIVEN_BYTES_MAX = 60 * 1024;
const BODIES_MAX = 512;
const WANTED: readonly Wanted[] = ["manifest", "segments", "unsealed"];
const ID_BYTES_MAX = 64;

const ASK = 1;
const GIVE = 2;

const ask = record({
  nonce: uint(1),
  origin: mapped(bytes(2, ID_BYTES_MAX), utf8, (raw) => parseNodeId(fromUtf8(raw) ?? "")),
  tier: mapped(
    uint(3, TIERS.length - 1),
    (tier: Tier) => TIERS.indexOf(tier),
    (index) => TIERS[index],
  ),
  index: uint(4),
  wanted: mapped(
    uint(5, WANTED.length - 1),
    (wanted: Wanted) => WANTED.indexOf(wanted),
    (index) => WANTED[index],
  ),
  hashes: many(bytes(6, HASH_BYTES, HASH_BYTES), HASHES_MAX),
  skip: uint(7),
});
const give = record({
  nonce: uint(1),
  bodies: many(bytes(2, SEGMENT_BYTES_MAX), BODIES_MAX),
  rest: uint(3, 1),
});
const letter = record({ kind: uint(15), content: bytes(14, 2 ** 20) });

export function encodeLetter(one: Letter): Uint8Array {
  if (one.type === "give") {
    const rest = one.rest === "more" ? 1 : 0;
    return letter.encode({ kind: GIVE, content: give.encode({ ...one, rest }) });
  }
  const index = Math.max(0, Math.floor(one.startMs / PLANS[one.tier].spanMs));
  return letter.encode({ kind: ASK, content: ask.encode({ ...one, index }) });
}

/** Undefined for letters of a newer version; the error says what is wrong with a malformed one. */
export function decodeLetter(raw: Uint8Array): Result<Letter | undefined> {
  const outer = letter.decode(raw);
  if (!outer.ok) return outer;
  const { kind, content } = outer.value;
  if (kind === ASK) {
    const asked = ask.decode(content);
    if (!asked.ok) return asked;
    const { index, ...rest } = asked.value;
    return { ok: true, value: { type: "ask", ...rest, startMs: index * PLANS[rest.tier].spanMs } };
  }
  if (kind !== GIVE) return { ok: true, value: undefined };
  const given = give.decode(content);
  if (!given.ok) return given;
  const rest = given.value.rest === 1 ? "more" : "none";
  return { ok: true, value: { type: "give", ...given.value, rest } };
}
