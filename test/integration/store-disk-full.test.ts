import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { inOwnMounts, mountsMissing } from "./store-own-mounts.ts";

const skip = mountsMissing("mkfs.ext4", "losetup");

test("a full disk, and one that turns read-only, refuse commits and nothing else", {
  skip,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-disk-"));
  try {
    const { full, readOnly } = JSON.parse(inOwnMounts("./store-fill-disk.js", folder));
    t.diagnostic(readOnly.restart);
    // That reads go on, that nothing of a refused batch is in, and that it takes commits again with
    // the same handle as soon as there is room, was checked where it happened.
    assert.deepEqual(full.failures, ["full", "full", "full"]);
    assert.deepEqual(full.log, ["error", "info", "error", "info", "error", "info"]);
    assert.equal(readOnly.failure, "read-only");
    assert.deepEqual(readOnly.again, { ok: false, error: "read-only" });
    assert.equal(readOnly.state, "read-only");
    assert.match(readOnly.restart, /check .* read-only|check the folder's owner/);
    assert.doesNotMatch(readOnly.restart, /\n/);
    // The new card in the old one's place is taken over, and locked.
    assert.match(readOnly.second, /another watercooler is running/);
    assert.deepEqual(readOnly.log, [
      ["error", "the store takes no writes: going on in memory"],
      ["info", "the store takes writes again"],
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
