import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SCRIPT = fileURLToPath(new URL("../../../../scripts/measure-memory.mjs", import.meta.url));
/** The design's goal for a node at rest, over a bare Node of the same version. */
const OVER_BARE_RSS_BYTES_MAX = 30_000_000;

interface Process {
  readonly name: string;
  readonly rss_bytes: number;
  readonly pss_bytes: number;
}

test("a node at rest takes no more than 30 MB over a bare Node", async () => {
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, [SCRIPT, "--nodes", "8", "--json"]);
  const document = JSON.parse(stdout) as { bare: Process; nodes: Process[] };
  const { bare, nodes } = document;
  assert.deepEqual(
    nodes.map(({ name }) => name),
    Array.from({ length: 8 }, (_, at) => `pi-${at}`),
  );
  for (const { name, rss_bytes, pss_bytes } of nodes) {
    assert.ok(pss_bytes > 0 && pss_bytes < rss_bytes, name);
    const over = rss_bytes - bare.rss_bytes;
    assert.ok(over > 0 && over <= OVER_BARE_RSS_BYTES_MAX, `${name}: ${over} bytes over`);
  }
});
