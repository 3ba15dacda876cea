import { toHex } from "../base/bytes.ts";
import type { Millis } from "../base/time.ts";

const FNV_PRIME = 0x01000193;

/**
 * The log of one history, and its hash. Two runs of one seed have the same hash, or the simulator
 * is not deterministic.
 */
export class Trace {
  private low = 0x811c9dc5;
  private high = 0x9e3779b9;
  private readonly words = new Map<string, number>();
  lines = 0;

  /** `print` is given every line; without it only the hash is kept. */
  constructor(private readonly print?: (line: string) => void) {}

  /** Notes that something happened to a host; `other` is a peer or a detail. */
  note(atMs: Millis, host: string, what: string, other = ""): void {
    this.lines += 1;
    this.mix(Math.round(atMs * 1_000));
    this.mix(this.word(host));
    this.mix(this.word(what));
    this.mix(this.word(other));
    this.print?.(`${(atMs / 1_000).toFixed(3).padStart(9)} ${host} ${what} ${other}`.trimEnd());
  }

  hash(): string {
    return toHex(new Uint8Array(new Uint32Array([this.low, this.high]).buffer));
  }

  private word(text: string): number {
    const known = this.words.get(text);
    if (known !== undefined) return known;
    let hash = 0x811c9dc5;
    for (let at = 0; at < text.length; at++) {
      hash = Math.imul(hash ^ text.charCodeAt(at), FNV_PRIME);
    }
    // Texts with numbers in them have no end; what is common comes first.
    if (this.words.size < 4_096) this.words.set(text, hash);
    return hash;
  }

  private mix(value: number): void {
    this.low = Math.imul(this.low ^ (value | 0), FNV_PRIME) >>> 0;
    this.high = (Math.imul(this.high ^ this.low, 0x85ebca6b) + value / 2 ** 32) >>> 0;
  }
}
