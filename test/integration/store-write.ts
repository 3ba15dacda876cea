import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";

// Commits as fast as it can, every tenth one batched, and says each durable one on its own line.
const opened = openStore(process.argv[2] ?? "", silentLog);
if (!opened.ok) throw new Error(opened.error);
const origin = nodeIdOfKey(new Uint8Array(32));
const first = Number(opened.value.load().meta.last ?? 0);
for (let at = first + 1; ; at++) {
  const row = { key: `k${at}`, body: new Uint8Array(200), signature: new Uint8Array(64) };
  const put = [{ ...row, heardWallMs: at }];
  const durability = at % 10 === 0 ? "batched" : "durable";
  const batch = {
    origins: [{ origin, coverage: "{}", put, drop: [] }],
    meta: { last: String(at) },
  };
  const done = opened.value.commit(batch, durability);
  if (done.ok && durability === "durable") process.stdout.write(`${at}\n`);
}
