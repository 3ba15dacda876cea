import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { folder } from "./cli-harness.ts";

const FOLDER = fileURLToPath(new URL("../../../../systemd/", import.meta.url));
const UNIT = "watercooler.service";
/** Of 10; a tenth of what --threshold takes. */
const EXPOSURE_MAX = 2.0;
/** Drop-ins for a newer systemd than the oldest that the unit is for, Debian 12's 252. */
const NEWER = "backoff.conf.example";

const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
const skip = hasSystemd ? false : "systemd-analyze is missing: apt-get install systemd";

/** The unit as it would lie in /etc, with programs that are here, and one of its drop-ins. */
function unitIn(context: TestContext, dropIn?: string): string {
  const place = folder(context);
  const text = readFileSync(join(FOLDER, UNIT), "utf8").replaceAll(
    "/usr/bin/watercooler",
    "/bin/sh",
  );
  const path = join(place, UNIT);
  writeFileSync(path, text);
  if (dropIn !== undefined) {
    mkdirSync(`${path}.d`);
    const name = dropIn.replace(/\.example$/, "");
    copyFileSync(join(FOLDER, `${UNIT}.d`, dropIn), join(`${path}.d`, name));
  }
  return path;
}

function analyze(...args: readonly string[]): {
  readonly code: number | null;
  readonly says: string;
} {
  const done = spawnSync("systemd-analyze", [...args, "--no-pager"], { encoding: "utf8" });
  return { code: done.status, says: done.stdout + done.stderr };
}

test("systemd takes every line of the unit, alone and with each drop-in", { skip }, (context) => {
  const dropIns = readdirSync(join(FOLDER, `${UNIT}.d`)).filter((name) => name !== NEWER);
  assert.ok(dropIns.length >= 2);
  for (const dropIn of [undefined, ...dropIns]) {
    const { code, says } = analyze("verify", "--man=no", unitIn(context, dropIn));
    assert.deepEqual([code, says], [0, ""], dropIn);
  }
});

test("the sandbox leaves little open, alone and with each drop-in", { skip }, (context) => {
  for (const dropIn of [undefined, "serial.conf.example", "internet.conf.example"]) {
    const { says } = analyze("security", "--offline=true", unitIn(context, dropIn));
    const exposure = Number(/exposure level for \S+: ([\d.]+)/.exec(says)?.[1]);
    assert.ok(exposure <= EXPOSURE_MAX, `${dropIn}: ${exposure}`);
    if (dropIn === undefined) console.log(`# exposure ${exposure}`);
  }
});

test("bad configuration is not started again and again", () => {
  const unit = readFileSync(join(FOLDER, UNIT), "utf8");
  assert.match(unit, /^RestartPreventExitStatus=.*\b78\b/m);
  assert.match(unit, /^Restart=always$/m);
});
