import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { inOwnMounts, mountsMissing } from "./store-own-mounts.ts";

const skip = mountsMissing("mkfs.ext4", "losetup");

for (const trouble of ["full", "read-only"]) {
  test(`a node whose disk is ${trouble} goes on in memory, says so, and recovers by itself`, {
    skip,
  }, () => {
    const folder = mkdtempSync(join(tmpdir(), "watercooler-node-disk-"));
    try {
      // All of it is checked where it happens.
      const said = JSON.parse(inOwnMounts("./node-disk.js", folder, trouble));
      const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
      console.log(
        `# ${trouble}: told after ${seconds(said.toldMs)}, well again ${seconds(said.recoveredMs)} ` +
          "after the disk was",
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}
