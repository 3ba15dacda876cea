import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeIdOfKey, PUBLIC_KEY_BYTES } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/port.ts";
import { entry, storeSuite } from "./store-suite.ts";

const OTHER = nodeIdOfKey(new Uint8Array(PUBLIC_KEY_BYTES).fill(9));

storeSuite("sqlite", () => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-store-"));
  const open = (): Store => {
    const opened = openStore(join(folder, "state.db"), silentLog);
    if (!opened.ok) throw new Error(opened.error);
    return opened.value;
  };
  let store = open();
  return {
    store,
    reopen: () => {
      store.close();
      store = open();
      return store;
    },
    failing: (batch) => {
      // Refused by the table itself, after the rows before it went in.
      const poison = { ...entry("poison", ""), heardWallMs: Number.NaN };
      const change = { origin: OTHER, coverage: "", put: [poison], drop: [] };
      return store.commit({ ...batch, origins: [...(batch.origins ?? []), change] }, "durable");
    },
    dispose: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
});
