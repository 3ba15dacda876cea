import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync } from "node:zlib";

const PROGRAM = "usr/lib/watercooler";
const MODULES = `${PROGRAM}/node_modules`;
/** What is asked of others only when they are there. */
const MAN_LINT = ["mandoc", "-T", "lint", "-W", "error"];

const runs = (file: string, ...args: readonly string[]) =>
  spawnSync(file, args, { encoding: "utf8" });

test("what the Debian package holds", async (t) => {
  const stage = mkdtempSync(join(tmpdir(), "watercooler-stage-"));
  t.after(() => rmSync(stage, { recursive: true, force: true }));
  execFileSync(process.execPath, ["deploy/deb/build.mjs", "--stage", stage]);
  const at = (path: string) => join(stage, path);
  const unpacked = (path: string) => gunzipSync(readFileSync(at(path))).toString();
  const paths = readdirSync(stage, { recursive: true, encoding: "utf8" });
  const program = at(`${PROGRAM}/bin/watercooler.js`);

  await t.test("the program, the unit and what goes with them", () => {
    const mode = (path: string) => (statSync(at(path)).mode & 0o777).toString(8);
    assert.equal(mode("usr/bin/watercooler"), "755");
    assert.equal(mode("etc/watercooler/watercooler.yaml"), "640");
    for (const path of [
      "usr/lib/systemd/system/watercooler.service",
      "usr/lib/sysusers.d/watercooler.conf",
      `${PROGRAM}/dist/dashboard/index.html`,
      `${PROGRAM}/dist/watercooler.schema.json`,
    ]) {
      assert.equal(mode(path), "644", path);
    }
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    assert.equal(runs(process.execPath, program, "--version").stdout.trim(), version);
  });

  await t.test("the configuration that comes with it is good", () => {
    const config = at("etc/watercooler/watercooler.yaml");
    const { status, stderr } = runs(process.execPath, program, "config", "check", config);
    assert.equal(status, 0, stderr);
    // What is commented out is good too, and is what most will begin with.
    const text = readFileSync(config, "utf8").replace(/^#(?=[a-z ]+(?:$|[:-]))/gm, "");
    assert.match(text, /^sensors:\n {2}- platform: bme280/m);
    const bared = at("bared.yaml");
    writeFileSync(bared, text);
    const said = runs(process.execPath, program, "config", "check", bared);
    assert.equal(said.status, 0, said.stderr);
  });

  await t.test("every command and every key is in the manual", () => {
    const commands = unpacked("usr/share/man/man1/watercooler.1.gz").replaceAll("\\-", "-");
    const { stdout } = runs(process.execPath, program, "--help");
    const [, listed = ""] = /^Commands:\n([\s\S]*?)\n\n/m.exec(stdout) ?? [];
    const names = [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name);
    assert.ok(names.length > 20, stdout);
    for (const name of names.filter((one) => one !== "help")) {
      assert.match(commands, new RegExp(`^\\.SS "watercooler ${name}[ "]`, "m"), name);
    }
    const keys = unpacked("usr/share/man/man5/watercooler.yaml.5.gz");
    const schema = readFileSync(at(`${PROGRAM}/dist/watercooler.schema.json`), "utf8");
    const { properties } = JSON.parse(schema) as { properties: Record<string, object> };
    for (const key of Object.keys(properties))
      assert.match(keys, new RegExp(`^\\.SS "${key}"`, "m"));
    for (const text of [commands, keys]) {
      const [file = "", ...args] = MAN_LINT;
      const linted = spawnSync(file, args, { encoding: "utf8", input: text });
      if (linted.error === undefined) assert.equal(linted.stdout, "");
    }
  });

  await t.test("scripts that a shell reads", () => {
    for (const name of ["postinst", "prerm", "postrm", "watercooler.sh"]) {
      const { status, stderr } = runs("sh", "-n", `deploy/deb/files/${name}`);
      assert.equal(status, 0, stderr);
    }
    const completion = at("usr/share/bash-completion/completions/watercooler");
    assert.equal(runs("bash", "-n", completion).status, 0);
  });

  await t.test(
    "packages that are loaded, nothing that builds or explains them, all their makers",
    () => {
      const superfluous = paths.filter((path) => /\.(?:ts|map|c|cc|h|gyp|md)$/.test(path));
      assert.deepEqual(superfluous, []);
      for (const name of ["prebuild-install", "nan", "typescript", "@types"]) {
        assert.equal(existsSync(at(`${MODULES}/${name}`)), false, name);
      }
      const copyright = readFileSync(at("usr/share/doc/watercooler/copyright"), "utf8");
      const packages = paths.filter((path) => /node_modules\/(?:@[^/]+\/)?[^/@]+$/.test(path));
      assert.ok(packages.length > 100, String(packages.length));
      for (const path of packages) {
        const name = path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length);
        assert.ok(copyright.includes(`*/node_modules/${name}/*`), name);
      }
      const named = new Set([...copyright.matchAll(/^License: (\S+)$/gm)].map(([, name]) => name));
      for (const name of named) assert.match(copyright, new RegExp(`^License: ${name}\\n `, "m"));
      // Those without native parts load from there, with what they need.
      const load = "for (const name of process.argv.slice(1)) await import(name);process.exit(0)";
      const light = ["mqtt", "undici", "@slack/web-api", "@libp2p/mdns", "@peculiar/x509"];
      const script = ["--input-type=module", "-e", `import "reflect-metadata";${load}`, ...light];
      const loaded = spawnSync(process.execPath, script, { encoding: "utf8", cwd: at(PROGRAM) });
      assert.equal(loaded.status, 0, loaded.stderr);
    },
  );
});
