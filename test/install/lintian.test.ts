import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { tmpdir } from "node:os";
import test from "node:test";

const given = process.env.PACKAGE_AMD64;
const skip = given === undefined && "runs by npm run test:install, which makes the package";

test("lintian finds no error and no warning in the package", { skip }, () => {
  const args = ["--fail-on", "error,warning", "--allow-root", given ?? ""];
  const { status, stdout, stderr } = spawnSync("lintian", args, {
    encoding: "utf8",
    cwd: tmpdir(),
  });
  assert.equal(status, 0, `${stdout}\n${stderr}`);
});
