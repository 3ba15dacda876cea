import type { Millis } from "../../src/base/time.ts";

/** Which of the two beams; inside is the room's side. */
export type Beam = "outside" | "inside";
export type Passage = "in" | "out";

/**
 * How long after one beam the other may break alone and still be the same person: some arms are
 * thinner than the beams are apart. A guess: 0.3 m at a slow walk.
 */
const STRIDE_MS: Millis = 600;

/**
 * Tells the direction of whoever goes through two beams, one behind the other. Pure.
 *
 * A visit begins when the first beam breaks and ends when both are whole again. It went through
 * when the last to be whole is not the first that broke; else somebody turned back.
 */
export class Doorway {
  private readonly broken = new Set<Beam>();
  private first: Beam | undefined;
  private firstMs: Millis = 0;
  private half: { readonly beam: Beam; readonly endedMs: Millis } | undefined;

  /** A beam is now broken or whole; gives the passage, once one is over. */
  see(beam: Beam, state: "broken" | "whole", nowMs: Millis): Passage | undefined {
    if (state === "broken") {
      if (this.first === undefined) {
        this.first = beam;
        this.firstMs = nowMs;
      }
      this.broken.add(beam);
      return undefined;
    }
    if (!this.broken.delete(beam) || this.broken.size > 0) return undefined;
    const { first, firstMs, half } = this;
    this.first = undefined;
    this.half = undefined;
    if (first !== beam) return first === "outside" ? "in" : "out";
    if (half !== undefined && half.beam !== beam && firstMs - half.endedMs <= STRIDE_MS) {
      return half.beam === "outside" ? "in" : "out";
    }
    this.half = { beam, endedMs: nowMs };
    return undefined;
  }

  /** Forgets the visit under way: a line was lost. */
  reset(): void {
    this.broken.clear();
    this.first = undefined;
    this.half = undefined;
  }
}
