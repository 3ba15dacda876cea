import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import test from "node:test";
import { restoreFrom } from "../../src/back-up.ts";
import { finishRestore } from "../../src/backup/finish-restore.ts";
import { makeBackup } from "../../src/backup/make-backup.ts";
import { openArchive } from "../../src/backup/read-archive.ts";
import { parseTarHeader, tarHeader } from "../../src/backup/tar.ts";
import { CliError } from "../../src/cli/deps.ts";
import type { Config } from "../../src/config/config.ts";
import {
  backUpStopped,
  contents,
  markIn,
  openSqlite,
  order,
  restoreInto,
  stoppedNode,
  tempFolder,
} from "./backup-files.ts";

test("a backup is a tar of files for its owner alone, whose sums sha256sum checks", async (t) => {
  const folder = tempFolder(t);
  stoppedNode(join(folder, "data"), "a");
  writeFileSync(join(folder, "data", "mesh-root-key.txt"), "secret");
  const path = join(folder, "pi.backup");
  await backUpStopped(join(folder, "data"), path);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const listed = execFileSync("tar", ["-tvf", path], { encoding: "utf8" });
  const names = [...listed.matchAll(/(\S+)$/gm)].map(([name]) => name);
  const expected = ["watercooler-backup.json", "identity.pem", "state.db", "SHA256SUMS"];
  assert.deepEqual(names, expected);
  assert.doesNotMatch(listed, /^-[rwx-]{3}[^-]/m);
  const out = join(folder, "out");
  mkdirSync(out);
  execFileSync("tar", ["-xf", path, "-C", out]);
  execFileSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], { cwd: out, stdio: "pipe" });
});

test("a backup is not written over, and lands in an empty folder or moves what is there", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(data, "old");
  await backUpStopped(data, path);
  const again = await makeBackup({ ...order(data, path), overwrite: "refuse" });
  assert.match(again.ok ? "" : again.error, /there already: name another file, or add --force/);
  const target = join(folder, "new", "data");
  assert.ok((await restoreInto(path, target)).ok);
  assert.equal(markIn(target), "old");
  const before = contents(target);
  const refused = await restoreInto(path, target);
  assert.match(refused.ok ? "" : refused.error, /there is a node in .*--force/);
  assert.deepEqual(contents(target), before);

  stoppedNode(target, "newer");
  const moved = await restoreInto(path, target, "move aside");
  assert.ok(moved.ok);
  assert.equal(markIn(target), "old");
  assert.equal(markIn(moved.value.before ?? ""), "newer");

  const running = openSqlite(target);
  const live = await restoreInto(path, target, "move aside");
  running.close();
  assert.match(live.ok ? "" : live.error, /a node runs on .*: stop it first/);
});

test("what a killed node left in its log is in the backup too", async (t) => {
  const folder = tempFolder(t);
  const [data, killed] = [join(folder, "data"), join(folder, "killed")];
  stoppedNode(data, "before");
  const store = openSqlite(data);
  // The first one empties the log, of which nobody knows what is in it.
  for (const mark of ["in the file", "in the log"]) store.commit({ meta: { mark } }, "durable");
  cpSync(data, killed, { recursive: true });
  store.close();
  assert.ok(statSync(join(killed, "state.db-wal")).size > 0);
  await backUpStopped(killed, join(folder, "pi.backup"));
  assert.ok((await restoreInto(join(folder, "pi.backup"), join(folder, "new"))).ok);
  assert.equal(markIn(join(folder, "new")), "in the log");
});

test("a damaged, torn or foreign backup is refused before anything is touched", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(data, "a");
  await backUpStopped(data, path);
  const whole = readFileSync(path);
  const target = join(folder, "target");
  assert.ok((await restoreInto(path, target)).ok);
  const good = contents(target);
  const bad = join(folder, "bad.backup");
  let refused = 0;
  const lengths = [0, 1, 511, 512, 1_024, 2_000, whole.length - 1_024, whole.length - 1];
  for (const length of lengths) {
    writeFileSync(bad, whole.subarray(0, length));
    const torn = await restoreInto(bad, target, "move aside");
    assert.match(torn.ok ? "" : torn.error, /nothing was changed; try another/, `${length}`);
  }
  // Whatever bit flips: refused, or, in what only fills up blocks, of no effect.
  for (let at = 0; at < whole.length; at += 97) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8));
    writeFileSync(bad, bytes);
    const opened = await openArchive(bad);
    if (opened.ok) {
      await opened.value.close();
      assert.equal(whole[at], 0, `byte ${at} is not looked at`);
    } else refused += 1;
  }
  assert.ok(refused > whole.length / 97 / 2, `${refused} refused`);
  assert.deepEqual(contents(target), good);
  writeFileSync(bad, Buffer.concat([tarHeader({ name: "../evil", bytes: 0 }, 0), whole]));
  const evil = await openArchive(bad);
  assert.match(evil.ok ? "" : evil.error, /holds "..\?evil", which no backup has/);
  const foreign = await openArchive(import.meta.filename);
  assert.match(foreign.ok ? "" : foreign.error, /no backup of watercooler/);
  assert.equal(parseTarHeader(Buffer.alloc(512)), "end");
});

test("a restore that ends between any two steps is nothing or becomes whole", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(join(folder, "other"), "new");
  await backUpStopped(join(folder, "other"), path);
  const { renameSync } = fs;
  const seen = new Set<string>();
  for (let steps = 0, cutShort = true; cutShort; steps++) {
    rmSync(data, { recursive: true, force: true });
    stoppedNode(data, "old");
    const old = contents(data);
    let left = steps;
    cutShort = false;
    // Every step that changes what counts is a rename: the process "dies" at one of them.
    fs.renameSync = (from, to) => {
      if (left === 0) cutShort = true;
      if (cutShort) throw new Error("the power is gone");
      left -= 1;
      renameSync(from, to);
    };
    syncBuiltinESMExports();
    const done = await restoreInto(path, data, "move aside").catch(() => undefined);
    fs.renameSync = renameSync;
    syncBuiltinESMExports();
    assert.equal(done?.ok ?? false, !cutShort);
    assert.deepEqual(finishRestore(data), { ok: true, value: undefined });
    const mark = markIn(data);
    seen.add(mark ?? "");
    if (mark === "old") {
      const files = contents(data);
      for (const [name, bytes] of old) assert.equal(files.get(name), bytes, name);
    } else {
      assert.equal(mark, "new", `after ${steps} steps`);
      assert.equal(markIn(join(data, "before-restore-1")), "old");
      assert.ok(!readdirSync(data).some((name) => name.startsWith("restore.")), `${steps}`);
    }
    assert.ok(steps < 50);
  }
  assert.deepEqual([...seen], ["old", "new"]);
  assert.ok(!existsSync(join(data, "restore.ready")));
});

test("the configuration is put in its place when that is asked for, and never in part", async (t) => {
  const folder = tempFolder(t);
  const [data, path] = [join(folder, "data"), join(folder, "pi.backup")];
  stoppedNode(data, "a");
  const configPath = join(folder, "old.yaml");
  const target = join(folder, "restored");
  writeFileSync(configPath, JSON.stringify({ data: target }));
  assert.ok((await makeBackup({ ...order(data, path), configPath })).ok);
  const place = join(folder, "watercooler.yaml");
  writeFileSync(place, "what was there", { mode: 0o640 });
  const how = { path, over: "refuse" as const, configPath: place };
  const config = { dataDir: join(folder, "elsewhere") } as Config;
  const bad = await restoreFrom(config, {
    ...how,
    dataDirOf: () => Promise.reject(new CliError(78, "bad")),
  }).catch((error: unknown) => error);
  assert.ok(bad instanceof CliError);
  assert.equal(readFileSync(place, "utf8"), "what was there");
  assert.ok(!existsSync(`${place}.part`) && !existsSync(target));
  const dataDirOf = async (at: string) => JSON.parse(readFileSync(at, "utf8")).data as string;
  const done = await restoreFrom(config, { ...how, dataDirOf });
  assert.ok(done.ok, done.ok ? "" : done.error);
  assert.deepEqual([done.value.data, done.value.config], [target, place]);
  assert.equal(markIn(target), "a");
  assert.equal(readFileSync(place, "utf8"), readFileSync(configPath, "utf8"));
  assert.equal(readFileSync(`${place}.before-restore`, "utf8"), "what was there");
  assert.equal(statSync(place).mode & 0o777, 0o640);
  assert.ok(!existsSync(`${place}.part`));
});
