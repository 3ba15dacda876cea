import type { Millis } from "../base/time.ts";

/** From, and to but not including it. */
export type Span = readonly [Millis, Millis];

/** What is left of spans without one of them. */
export function without(spans: readonly Span[], [fromMs, toMs]: Span): readonly Span[] {
  return spans.flatMap(([startMs, endMs]) => {
    const parts: Span[] = [
      [startMs, Math.min(endMs, fromMs)],
      [Math.max(startMs, toMs), endMs],
    ];
    return parts.filter(([start, end]) => start < end);
  });
}

export function overlaps(spans: readonly Span[], [fromMs, toMs]: Span): boolean {
  return spans.some(([startMs, endMs]) => startMs < toMs && fromMs < endMs);
}
