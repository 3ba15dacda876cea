import type { Millis } from "../../src/base/time.ts";
import type { Timers } from "./timers.ts";

/**
 * What `promise` gives, or an error with `reason` once `limitMs` are over.
 *
 * The work itself goes on: what hangs in the kernel can't be called back, only left.
 */
export function withDeadline<T>(
  timers: Timers,
  limitMs: Millis,
  promise: Promise<T>,
  reason: () => string,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = timers.set(limitMs, () => reject(new Error(reason())));
    promise.then(
      (value) => {
        cancel();
        resolve(value);
      },
      (error: unknown) => {
        cancel();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** Resolves after `spanMs`. */
export function pause(timers: Timers, spanMs: Millis): Promise<void> {
  return new Promise((resolve) => {
    timers.set(spanMs, resolve);
  });
}

/** Any thrown thing as one line. */
export function lineOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n", 1)[0] ?? "";
}
