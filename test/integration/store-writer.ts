import { writeSync } from "node:fs";
import { silentLog } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";
import { batchAt, heldLast } from "./store-history.ts";

// Makes the commits of the made-up history one after the other, for ever, from where the store at
// argument 1 stands. Those that argument 2 divides are durable, the rest batched. Says each on its
// own line as soon as it was acknowledged.
const opened = openStore(process.argv[2] ?? "", silentLog);
if (!opened.ok) throw new Error(opened.error);
const every = Number(process.argv[3]);
for (let at = heldLast(opened.value.load()) + 1; ; at++) {
  const durability = at % every === 0 ? "durable" : "batched";
  const done = opened.value.commit(batchAt(at), durability);
  if (!done.ok) throw new Error(`commit ${at}: ${done.error}`);
  // Straight to the descriptor: a line in a buffer dies with the process.
  writeSync(1, `${at} ${durability}\n`);
}
