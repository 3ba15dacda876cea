import { systemTimers } from "../firmware-bridge/src/timers.ts";
import { BackupHold } from "./node/backup-hold.ts";
import type { History } from "./node/history/history.ts";
import type { Persistence } from "./node/persistence.ts";
import type { Holdable } from "./store/port.ts";

export interface BackupDeps {
  readonly persistence: Persistence;
  readonly store: Holdable;
  readonly history: History;
  readonly historyFile: Holdable;
}

/** Makes what keeps files still for a backup. */
export function wireBackup({ persistence, store, history, historyFile }: BackupDeps): BackupHold {
  const past = {
    flush: () => history.flush(),
    hold: () => historyFile.hold(),
    release: () => historyFile.release(),
  };
  return new BackupHold({
    persistence,
    state: store,
    history: past,
    pid: process.pid,
    timers: systemTimers,
  });
}
