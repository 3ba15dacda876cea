import { useEffect, useReducer, useRef, useState } from "preact/hooks";

const TICK_MS = 1_000;

/** One timer for the whole page, however many ages it shows. */
const watchers = new Set<() => void>();
let timer: number | undefined;

function onTick(watcher: () => void): () => void {
  watchers.add(watcher);
  timer ??= window.setInterval(() => {
    for (const one of watchers) one();
  }, TICK_MS);
  return () => {
    watchers.delete(watcher);
    if (watchers.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/** The page's own clock, once a second: ages grow while nothing comes. */
export function useNow(): number {
  const [nowMs, setNowMs] = useState(performance.now());
  useEffect(() => onTick(() => setNowMs(performance.now())), []);
  return nowMs;
}

/** A text that follows the clock; draws anew only when its words change. */
export function useTicking(text: (nowMs: number) => string): string {
  const [, redraw] = useReducer<number, undefined>((count) => count + 1, 0);
  const latest = useRef(text);
  latest.current = text;
  const shown = text(performance.now());
  const said = useRef(shown);
  said.current = shown;
  useEffect(
    () =>
      onTick(() => {
        if (latest.current(performance.now()) !== said.current) redraw(undefined);
      }),
    [],
  );
  return shown;
}

/** The age in seconds now of something that was `ageS` old when it came. */
export function ageNow(ageS: number, cameMs: number, nowMs: number): number {
  return ageS + Math.max(0, nowMs - cameMs) / 1_000;
}
