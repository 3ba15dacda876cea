import { fromUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { compareKeys } from "./dag-cbor-encode.ts";
import { CID_BYTES, cidText, type Ipld, isCid, Link } from "./ipld.ts";

/** Deeper than any policy of ours by far. A guess. */
const DEPTH_MAX = 16;
const LINK_TAG = 42;

/** Thrown inside this file only; `decodeDagCbor` turns it into a result. */
class Malformed extends Error {}

/**
 * Reads one value that takes all of the bytes. Strict: whatever is not the one canonical encoding
 * of its value, such as a longer length, unsorted or repeated keys, a short float or an unknown
 * tag, is refused, and so is a link to anything but a token, since one meaning must have one id.
 */
export function decodeDagCbor(bytes: Uint8Array): Result<Ipld> {
  const reader = new Reader(bytes);
  try {
    const value = reader.value(0);
    return reader.atEnd ? ok(value) : err("bytes are left over");
  } catch (error) {
    if (error instanceof Malformed) return err(error.message);
    throw error;
  }
}

class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  value(depth: number): Ipld {
    if (depth > DEPTH_MAX) throw new Malformed(`nested more than ${DEPTH_MAX} deep`);
    const first = this.take(1)[0] ?? 0;
    const major = first >> 5;
    const minor = first & 31;
    if (major === 7) return this.simple(minor);
    const length = this.length(minor);
    if (major === 0) return length;
    if (major === 1) return this.negative(length);
    if (major === 2) return this.take(length).slice();
    if (major === 3) return this.text(length);
    if (major === 4) return this.list(length, depth);
    if (major === 5) return this.map(length, depth);
    return this.link(length);
  }

  private list(length: number, depth: number): Ipld {
    const items: Ipld[] = [];
    // Each takes a byte at least, so a length that lies ends where the bytes do.
    for (let count = 0; count < length; count++) items.push(this.value(depth + 1));
    return items;
  }

  private map(pairs: number, depth: number): Ipld {
    // No prototype: a key such as `__proto__` is a key like any other.
    const map: Record<string, Ipld> = Object.create(null);
    let last: Uint8Array | undefined;
    for (let count = 0; count < pairs; count++) {
      const first = this.take(1)[0] ?? 0;
      if (first >> 5 !== 3) throw new Malformed("a key is no text");
      const length = this.length(first & 31);
      const key = this.text(length);
      const bytes = this.bytes.subarray(this.at - length, this.at);
      if (last !== undefined && compareKeys(last, bytes) >= 0) {
        throw new Malformed("keys are repeated or not in order");
      }
      last = bytes;
      map[key] = this.value(depth + 1);
    }
    return map;
  }

  private link(tag: number): Link {
    if (tag !== LINK_TAG) throw new Malformed(`unknown tag ${tag}`);
    const first = this.take(1)[0] ?? 0;
    const length = this.length(first & 31);
    if (first >> 5 !== 2 || length !== CID_BYTES + 1) throw new Malformed("a link to no token");
    const [multibase, ...cid] = this.take(length);
    const bytes = Uint8Array.from(cid);
    if (multibase !== 0 || !isCid(bytes)) throw new Malformed("a link to no token");
    return new Link(cidText(bytes));
  }

  private simple(minor: number): Ipld {
    if (minor === 20) return false;
    if (minor === 21) return true;
    if (minor === 22) return null;
    if (minor !== 27) throw new Malformed("no value of DAG-CBOR");
    this.take(8);
    const value = this.view.getFloat64(this.at - 8);
    if (!Number.isFinite(value)) throw new Malformed("no finite number");
    // It would be encoded as a whole number, or, beyond 2^53, not at all (found by fuzzing).
    if (Number.isInteger(value)) throw new Malformed("a whole number as a float");
    return value;
  }

  private negative(length: number): number {
    const value = -1 - length;
    if (!Number.isSafeInteger(value)) throw new Malformed("a number over 53 bits");
    return value;
  }

  private text(length: number): string {
    const bytes = this.take(length);
    const text = fromUtf8(bytes);
    // A mark for the order of bytes would be left out of the text, and two keys be the same.
    const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    if (text === undefined || hasMark) throw new Malformed("a text is not UTF-8");
    return text;
  }

  private length(minor: number): number {
    if (minor < 24) return minor;
    if (minor > 27) throw new Malformed("no definite length");
    const size = 2 ** (minor - 24);
    const bytes = this.take(size);
    let value = 0;
    for (const byte of bytes) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new Malformed("a number over 53 bits");
    const least = size === 1 ? 24 : 2 ** (4 * size);
    if (value < least) throw new Malformed("a number is longer than it has to be");
    return value;
  }

  private take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new Malformed("the bytes end early");
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }
}
