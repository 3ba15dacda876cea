import { createHash } from "node:crypto";
import { join } from "node:path";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Log } from "./base/log.ts";
import type { Config } from "./config/config.ts";
import { HISTORY_BYTES_MAX, History, type HistoryParts } from "./node/history/history.ts";
import type { Named } from "./node/naming.ts";
import { SqliteHistory } from "./store/history-sqlite.ts";

type Deps = Pick<
  HistoryParts,
  "self" | "node" | "replica" | "overlay" | "counters" | "clock" | "random"
>;

/** Makes what remembers, in a file beside the store that may be removed at any time. */
export function wireHistory(
  config: Config,
  { naming, ...deps }: Deps & { readonly naming: Named },
  log: Log,
): { readonly history: History; readonly historyFile: SqliteHistory } {
  const path = join(config.dataDir, "history.db");
  const historyFile = new SqliteHistory({ path, log, bytesMax: HISTORY_BYTES_MAX });
  const history = new History({
    ...deps,
    ...config.history,
    get room() {
      return naming.room;
    },
    file: historyFile,
    hash: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    timers: systemTimers,
  });
  return { history, historyFile };
}
