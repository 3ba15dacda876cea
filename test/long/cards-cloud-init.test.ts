import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { cardMaker, EXAMPLE_TABLE } from "../integration/made-cards.ts";

// Not among the short tests, since a machine that cloud-init is installed on for them would have it
// at its next start.
const has = spawnSync("cloud-init", ["--version"]).error === undefined;
const skip = has ? false : "needs cloud-init, on a machine that may have it";

test("cards: cloud-init's own check takes what is written for it", { skip }, (context) => {
  const { put, out, make } = cardMaker(context);
  const key = put("id.pub", "ssh-ed25519 AAAAC3Nz ana@desk\n");
  const made = make(EXAMPLE_TABLE, "--ssh-key", key, "--peer", "10.0.0.1:7946");
  assert.equal(made.status, 0, made.stderr);
  for (const name of readdirSync(out)) {
    const file = join(out, name, "user-data");
    const checked = spawnSync("cloud-init", ["schema", "-c", file], { encoding: "utf8" });
    assert.equal(checked.status, 0, checked.stdout + checked.stderr);
    assert.match(checked.stdout, /^Valid cloud-config/);
  }
});
