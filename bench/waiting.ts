import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 20;

/** Milliseconds of the machine's monotonic clock, the same in every process. */
export const nowMs = () => Number(process.hrtime.bigint()) / 1e6;

/** Waits for a condition; throws after the limit. */
export async function until(
  what: string,
  limitMs: number,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const endMs = nowMs() + limitMs;
  while (!(await holds())) {
    if (nowMs() > endMs) throw new Error(`waited ${limitMs / 1_000} s in vain until ${what}`);
    await sleep(LOOK_MS);
  }
}
