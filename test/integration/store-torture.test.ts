import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import test from "node:test";
import { fileURLToPath } from "node:url";

const TORTURE = fileURLToPath(new URL("../chaos/torture-store.js", import.meta.url));
const KILLS = "8";

test(`a node's store after ${KILLS} kills has every durable write, and no dot twice`, () => {
  // It fails by its exit code, with what was lost on its standard error.
  const said = execFileSync(
    process.execPath,
    [TORTURE, "--kills", KILLS, "--cuts", "0", "--json"],
    { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  const counts = JSON.parse(said) as Record<string, number>;
  assert.equal(counts["kill -9"], Number(KILLS));
  assert.ok((counts["of them durable"] ?? 0) > 0, said);
});
