import { useEffect, useState } from "preact/hooks";

const TICK_MS = 1_000;

/** The page's own clock, once a second: ages grow while nothing comes. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}

/** The age in seconds now of something that was `ageS` old when it came. */
export function ageNow(ageS: number, cameMs: number, nowMs: number): number {
  return ageS + Math.max(0, nowMs - cameMs) / 1_000;
}
