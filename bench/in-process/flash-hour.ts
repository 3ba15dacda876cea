import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLog } from "../../src/base/log.ts";
import { HOUR_MS, ManualClock, SECOND_MS } from "../../src/base/time.ts";
import { OTHERS_FLUSH_MS, OWN_FLUSH_MS, Persistence } from "../../src/node/persistence.ts";
import { openStore } from "../../src/store/open.ts";
import { newReplica, newWriter, valueWith } from "./watercooler.ts";

/** When what is new is committed: as the node does, or at once. */
export type Policy = "node" | "at-once";

export interface Written {
  readonly readings: number;
  /** Given to the kernel to be written. */
  readonly bytes: number;
  readonly commits: number;
}

export const ORIGINS = 32;
export const READING_EVERY_MS = 10 * SECOND_MS;

/** An hour of an office, injected, on a real store in a folder of its own. */
export function writeHour(policy: Policy): Written {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-flash-"));
  const opened = openStore(join(folder, "state.db"), silentLog);
  if (!opened.ok) throw new Error(opened.error);
  const store = opened.value;
  try {
    const clock = new ManualClock();
    const replica = newReplica();
    const writers = Array.from({ length: ORIGINS }, (_, at) => newWriter(at).writer);
    const hear = (entries: ReturnType<(typeof writers)[number]["write"]>) => {
      for (const entry of entries) replica.join(entry, clock.monotonicMs(), clock.wallMs());
    };
    for (const writer of writers) hear(writer.begin(clock.monotonicMs(), clock.wallMs()));
    const [self] = [...replica.origins()].map(({ origin }) => origin);
    if (self === undefined) throw new Error("nobody writes");
    const persistence = new Persistence(store, replica, self, clock);
    const flush = (whose: "own" | "all", durability: "batched" | "durable") => {
      const done = persistence.flush(whose, durability);
      if (!done.ok) throw new Error(`the store is ${done.error}`);
    };
    flush("all", "durable");
    const before = { bytes: bytesWritten(), commits: store.state().commits };
    let readings = 0;
    while (clock.monotonicMs() < HOUR_MS) {
      clock.advance(SECOND_MS);
      const nowMs = clock.monotonicMs();
      for (const [at, writer] of writers.entries()) {
        if ((nowMs + at * SECOND_MS) % READING_EVERY_MS !== 0) continue;
        readings += 1;
        hear(writer.write(KEY, valueWith(readings), nowMs, clock.wallMs()));
        if (policy === "at-once") flush("all", "batched");
      }
      if (policy === "at-once") continue;
      if (nowMs % OWN_FLUSH_MS === 0) flush("own", "batched");
      if (nowMs % OTHERS_FLUSH_MS === 0) flush("all", "batched");
    }
    const bytes = bytesWritten() - before.bytes;
    return { readings, bytes, commits: store.state().commits - before.commits };
  } finally {
    store.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const KEY = "reading/bme280/temperature";

/** What this process handed to the kernel so far (proc(5), "wchar"). */
function bytesWritten(): number {
  const [, bytes] = /^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8")) ?? [];
  return Number(bytes);
}
