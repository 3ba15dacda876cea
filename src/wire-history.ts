import { createHash } from "node:crypto";
import { join } from "node:path";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { NodeId } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { HISTORY_BYTES_MAX, History } from "./node/history/history.ts";
import type { Node } from "./node/node.ts";
import { SqliteHistory } from "./store/history-sqlite.ts";

interface HistoryDeps {
  readonly self: NodeId;
  readonly node: Node;
  readonly clock: Clock;
  readonly log: Log;
}

/** Makes what remembers, in a file beside the store that may be removed at any time. */
export function wireHistory(config: Config, { log, ...deps }: HistoryDeps): History {
  const path = join(config.dataDir, "history.db");
  return new History({
    ...deps,
    ...config.history,
    file: new SqliteHistory({ path, log, bytesMax: HISTORY_BYTES_MAX }),
    hash: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
    timers: systemTimers,
  });
}
