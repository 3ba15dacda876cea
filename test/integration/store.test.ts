import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { openStore } from "../../src/store/open.ts";
import type { Store } from "../../src/store/port.ts";
import { until } from "./lan.ts";

const WRITER = fileURLToPath(new URL("./store-write.js", import.meta.url));
const TRIES = 10;

function open(path: string): Store {
  const opened = openStore(path, silentLog);
  assert.ok(opened.ok, opened.ok ? "" : opened.error);
  return opened.value;
}

function holding<T>(run: (folder: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-store-"));
  try {
    return run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs the writer until it has acknowledged enough, then does something to it. */
async function writeUntil(
  path: string,
  enough: number,
  act: (pid: number) => void,
): Promise<readonly number[]> {
  const child = spawn(process.execPath, [WRITER, path], { stdio: ["ignore", "pipe", "inherit"] });
  let out = "";
  await new Promise<void>((resolve) => {
    child.stdout.on("data", (chunk) => {
      out += chunk;
      if (out.split("\n").length > enough && child.pid !== undefined && !child.killed) {
        act(child.pid);
        child.kill("SIGKILL");
      }
    });
    child.on("close", () => resolve());
  });
  return out.split("\n").filter(Boolean).map(Number);
}

function assertHas(path: string, acknowledged: readonly number[]): void {
  const store = open(path);
  assert.equal(store.state().movedAside, undefined);
  const keys = new Set(store.load().origins[0]?.entries.map(({ key }) => key));
  const lost = acknowledged.filter((at) => !keys.has(`k${at}`));
  store.close();
  assert.deepEqual(lost, []);
}

test("kill -9 while writing loses nothing that was acknowledged", async () => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-store-"));
  const path = join(folder, "state.db");
  const all: number[] = [];
  for (let round = 0; round < TRIES; round++) {
    all.push(...(await writeUntil(path, 20 + 13 * round, () => {})));
    assertHas(path, all);
  }
  rmSync(folder, { recursive: true, force: true });
});

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();

function unmounted(at: string): boolean {
  try {
    run("umount", at);
    return true;
  } catch {
    return false;
  }
}

function powerCutMissing(): string | false {
  try {
    run("mkfs.xfs", "-V");
    run("mkfs.ext4", "-V");
    run("losetup", "--version");
    return process.getuid?.() === 0 ? false : "needs root to mount a card's image";
  } catch {
    return "needs root, xfsprogs, e2fsprogs and losetup to copy a card in mid-write";
  }
}

test("a power cut loses no acknowledged durable write", { skip: powerCutMissing() }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-power-"));
  const mounts: string[] = [];
  const mount = (image: string, at: string) => {
    run("mkdir", "-p", at);
    run("mount", "-o", "loop", image, at);
    mounts.push(at);
  };
  t.after(async () => {
    // The kernel lets go of a card's image a moment after the card is unmounted.
    for (const at of mounts.reverse()) {
      await until(() => unmounted(at), 10_000, `unmounting ${at}`);
    }
    rmSync(folder, { recursive: true, force: true });
  });
  const outer = join(folder, "outer.img");
  run("truncate", "-s", "600M", outer);
  run("mkfs.xfs", "-q", "-m", "reflink=1", outer);
  mount(outer, join(folder, "outer"));
  const card = join(folder, "outer", "card.img");
  run("truncate", "-s", "64M", card);
  run("mkfs.ext4", "-q", card);
  mount(card, join(folder, "card"));
  const path = join(folder, "card", "state.db");
  for (let round = 0; round < TRIES; round++) {
    const copy = join(folder, "outer", `cut-${round}.img`);
    let before = 0;
    const acknowledged = await writeUntil(path, 15 + 11 * round, (pid) => {
      // The card at one instant: what the file system had not written is not in the copy.
      process.kill(pid, "SIGSTOP");
      run("cp", "--reflink=always", card, copy);
      before = 1;
    });
    assert.equal(before, 1);
    const at = join(folder, `cut-${round}`);
    mount(copy, at);
    // What was said after the stop can't have been; the last line may have been on its way.
    assertHas(join(at, "state.db"), acknowledged);
    run("umount", at);
    mounts.splice(mounts.indexOf(at), 1);
  }
});

test("a damaged file is moved aside, whatever the damage", () => {
  const random = new SeededRandom(7);
  for (let round = 0; round < 30; round++) {
    holding((folder) => {
      const path = join(folder, "state.db");
      const store = open(path);
      const origin = nodeIdOfKey(new Uint8Array(32));
      for (let at = 0; at < 40; at++) {
        const body = new Uint8Array(300).fill(at);
        const put = [{ key: `k${at}`, body, signature: new Uint8Array(64), heardWallMs: at }];
        store.commit({ origins: [{ origin, coverage: "{}", put, drop: [] }] }, "durable");
      }
      store.close();
      const bytes = readFileSync(path);
      const place = Math.floor(random.next() * bytes.length);
      if (round % 3 === 0) truncateSync(path, place);
      else {
        bytes.fill(round % 3 === 1 ? 0xff : 0, place, place + 600);
        writeFileSync(path, bytes);
      }
      const again = open(path);
      again.load();
      assert.ok(again.commit({ meta: { a: "1" } }, "durable").ok);
      again.close();
    });
  }
});

test("what is taken back durably is in no file", () => {
  holding((folder) => {
    const path = join(folder, "state.db");
    const store = open(path);
    const origin = nodeIdOfKey(new Uint8Array(32));
    const body = new TextEncoder().encode("a name that must be forgotten");
    const row = { key: "k", body, signature: new Uint8Array(64), heardWallMs: 1 };
    store.commit({ origins: [{ origin, coverage: "{}", put: [row], drop: [] }] }, "durable");
    const files = () => run("sh", "-c", `cat ${path}*`);
    assert.match(files(), /must be forgotten/);
    store.commit({ origins: [{ origin, coverage: "{}", put: [], drop: ["k"] }] }, "durable");
    assert.doesNotMatch(files(), /must be forgotten/);
    store.close();
  });
});

test("a second node on the same data is refused in one line", () => {
  holding((folder) => {
    const path = join(folder, "state.db");
    const store = open(path);
    const second = openStore(path, silentLog);
    assert.ok(!second.ok);
    assert.match(second.error, /another watercooler is running/);
    store.close();
  });
});
