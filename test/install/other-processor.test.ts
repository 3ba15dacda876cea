import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { SelfDocument } from "../../src/api/types.ts";
import { endProcess, spawnBound } from "../hardware/bound-process.ts";
import { freePort } from "../hardware/machine.ts";
import { get, until } from "../hardware/watching.ts";

const given = process.env.PACKAGE_ARM64;
const skip = given === undefined && "runs by npm run test:install, which makes the package";

const EMULATOR = "qemu-aarch64-static";
/** 5 s here; an emulator on a loaded machine may need far more. */
const START_MS_MAX = 120_000;
const LOADED = `
import { createRequire } from "node:module";
const from = createRequire(process.argv[1]);
const SQLite = from("better-sqlite3");
// Kept for as long as the process lives, as all of the store is (src/store/kept.ts).
const database = new SQLite(":memory:");
const statement = database.prepare("select 1");
globalThis.kept = [database, statement];
statement.get();
for (const name of ["serialport", "i2c-bus", "onoff", "bme280-sensor"]) from(name);
console.log(process.arch);
process.exit(0);
`;

test("the package for arm64, emulated", { skip }, async (t) => {
  const work = mkdtempSync(join(tmpdir(), "watercooler-arm64-"));
  t.after(() => rmSync(work, { recursive: true, force: true }));
  execFileSync("dpkg-deb", ["-x", given ?? "", work]);
  const program = join(work, "usr/lib/watercooler/bin/watercooler.js");
  const node = join(work, "usr/lib/watercooler/node");
  // Debian's libraries for that processor, which came with its compiler.
  process.env.QEMU_LD_PREFIX = "/usr/aarch64-linux-gnu";
  const emulated = [EMULATOR, node];

  await t.test("its native modules load", () => {
    const args = [node, "--input-type=module", "-e", LOADED, program];
    assert.equal(execFileSync(EMULATOR, args, { encoding: "utf8" }).trim(), "arm64");
  });

  await t.test("a node runs with it, on a card that another processor wrote", async (t) => {
    const [api, mesh] = [await freePort(), await freePort()];
    const config = join(work, "watercooler.yaml");
    mkdirSync(join(work, "data"));
    const lines = [
      `data: ${join(work, "data")}`,
      `api: { listen: "127.0.0.1:${api}" }`,
      `mesh: { listen: "127.0.0.1:${mesh}", discovery: "off" }`,
      "sensors: [{ platform: push, name: box }]",
    ];
    writeFileSync(config, lines.join("\n"));
    const url = `http://127.0.0.1:${api}/v1`;
    const up = async (command: readonly string[]) => {
      const child = spawnBound([...command, "up", "--config", config]);
      t.after(() => endProcess(child));
      let said = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.on("data", (chunk) => {
          said += chunk;
        });
      }
      const look = () => get<SelfDocument>(`${url}/node`);
      const self = await until(look, START_MS_MAX, () => `a node: ${said}`);
      return { self, end: () => endProcess(child) };
    };
    // The emulator starts no further process for another processor, such as the one that makes the
    // first certificate.
    const first = await up([process.execPath, "bin/watercooler.js"]);
    await first.end();
    const { self, end } = await up([...emulated, program]);
    assert.equal(self.id, first.self.id);
    const body = JSON.stringify({ sensor: "box", kind: "light", value: 12 });
    const headers = { "content-type": "application/json" };
    const pushed = await fetch(`${url}/readings`, { method: "POST", headers, body });
    assert.equal(pushed.status, 202);
    assert.equal((await fetch(`${url}/health`)).status, 200);
    await end();
  });
});
