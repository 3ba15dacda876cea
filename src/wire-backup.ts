import { systemTimers } from "../firmware-bridge/src/timers.ts";
import { BackupHold } from "./node/backup-hold.ts";
import type { History } from "./node/history/history.ts";
import type { Node } from "./node/node.ts";
import type { Holdable } from "./store/port.ts";

export interface BackupDeps {
  readonly node: Node;
  readonly store: Holdable;
  readonly history: History;
  readonly historyFile: Holdable;
}

/** Makes what keeps files still for a backup. */
export function wireBackup({ node, store, history, historyFile }: BackupDeps): BackupHold {
  const past = {
    flush: () => history.flush(),
    hold: () => historyFile.hold(),
    release: () => historyFile.release(),
  };
  return new BackupHold({
    node,
    state: store,
    history: past,
    pid: process.pid,
    timers: systemTimers,
  });
}
