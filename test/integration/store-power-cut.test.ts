import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { Cut } from "./store-cut-card.ts";
import { inOwnMounts, mountsMissing } from "./store-own-mounts.ts";

const skip = mountsMissing("mkfs.xfs", "mkfs.ext4", "losetup");

test("a power cut takes no durable commit, and of the batched ones only the newest", {
  skip,
}, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-power-"));
  try {
    const said = inOwnMounts("./store-cut-card.js", folder);
    const { mixed, batched } = JSON.parse(said) as Record<"mixed" | "batched", readonly Cut[]>;
    for (const cut of [...mixed, ...batched]) {
      // That what is held is the history up to one commit was checked on the card's copy.
      assert.equal(cut.movedAside, null);
      assert.ok(cut.held >= cut.acknowledgedDurable, JSON.stringify(cut));
      assert.ok(cut.held <= cut.acknowledged + 1, JSON.stringify(cut));
    }
    const lost = (cuts: readonly Cut[]) =>
      cuts.map(({ acknowledged, held }) => Math.max(0, acknowledged - held));
    t.diagnostic(`batched commits lost, a durable one among each five: ${lost(mixed)}`);
    t.diagnostic(`batched commits lost, with no durable one: ${lost(batched)}`);
    // Were nothing lost here, the copy would not be what a card has, and the above prove nothing.
    assert.ok(Math.max(...lost(batched)) > 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
