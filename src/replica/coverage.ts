import { type Dot, NO_DOT } from "./entry.ts";
import type { Interval } from "./intervals.ts";

/** What the store keeps beside an origin's entries: which of them are known, per life. */
export interface Coverage {
  readonly current: number;
  readonly floor: Dot;
  readonly lives: readonly (readonly [incarnation: number, known: readonly Interval[]])[];
}

const NOTHING: Coverage = { current: 0, floor: NO_DOT, lives: [] };

/** A stored coverage; one that says nothing where the text is none. Never throws. */
export function parseCoverage(text: string): Coverage {
  try {
    const parsed: unknown = JSON.parse(text);
    return isCoverage(parsed) ? parsed : NOTHING;
  } catch {
    return NOTHING;
  }
}

function isCoverage(value: unknown): value is Coverage {
  if (typeof value !== "object" || value === null) return false;
  const { current, floor, lives } = value as Record<keyof Coverage, unknown>;
  return isCount(current) && isDot(floor) && Array.isArray(lives) && lives.every(isLife);
}

function isLife(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  const [incarnation, known] = value as readonly unknown[];
  return isCount(incarnation) && Array.isArray(known) && known.every(isInterval);
}

function isInterval(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { first, last } = value as Record<keyof Interval, unknown>;
  return isCount(first) && isCount(last) && first <= last;
}

function isDot(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { incarnation, seq } = value as Record<keyof Dot, unknown>;
  return isCount(incarnation) && isCount(seq);
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
