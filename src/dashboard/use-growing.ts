import { useEffect, useState } from "preact/hooks";

/** More cards than a wall screen shows at once. */
const FIRST = 24;
/** Drawn between two frames of a phone without a stutter: some 10 ms of a fast machine. */
const STEP = 24;

/**
 * How many of a long list to draw: what a screen holds at first, so that people see it at once,
 * and more with each frame until all are there.
 */
export function useGrowing(all: number): number {
  const [drawn, setDrawn] = useState(FIRST);
  useEffect(() => {
    if (drawn >= all) return;
    const frame = requestAnimationFrame(() => setDrawn(drawn + STEP));
    return () => cancelAnimationFrame(frame);
  }, [drawn, all]);
  return drawn;
}
