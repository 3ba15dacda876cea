import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { ChaosDocument } from "../chaos/report.ts";
import { fakeTimeMissing } from "../integration/lan.ts";
import { mountsMissing } from "../integration/store-own-mounts.ts";

const CHAOS = fileURLToPath(new URL("../chaos/chaos.js", import.meta.url));
const skip = mountsMissing("nft", "fsfreeze", "mkfs.ext4", "ip") || fakeTimeMissing();
/** Every fault is in them (test/unit/chaos). */
const ROUNDS = "22";

test("rounds of every fault end with equal nodes that hold all that was acknowledged", {
  skip,
}, () => {
  const args = [CHAOS, "--seed", "1", "--rounds", ROUNDS, "--duration", "2h", "--json"];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  const { violation, rounds } = JSON.parse(stdout) as ChaosDocument;
  assert.equal(violation, null);
  assert.equal(status, 0, stderr);
  assert.equal(rounds, Number(ROUNDS));
});
