import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { StandByStore } from "../../src/store/stand-by.ts";
import { markIn, stoppedNode, tempFolder } from "./backup-files.ts";

const NOBODY = 65_534;

test("a store that stands by takes over the file when its disk takes writes", (t) => {
  const data = join(tempFolder(t), "data");
  stoppedNode(data, "before");
  const lines: string[] = [];
  const log = { write: (level: string, text: string) => void lines.push(`${level} ${text}`) };
  const held = { origins: [], remembered: [], meta: { mark: "in memory" } };
  const path = join(data, "state.db");
  const store = new StandByStore(path, log, held, "read-only");
  assert.deepEqual(store.hold(), { ok: false, error: "read-only" });
  assert.equal(store.state().failure, "read-only");
  assert.deepEqual(store.load(), held);
  assert.deepEqual(store.commit({ meta: { mark: "after" } }, "durable").ok, true);
  assert.equal(store.state().failure, undefined);
  // So that whoever holds the state writes all of it.
  assert.equal(store.state().reopened, 1);
  assert.ok(store.hold().ok);
  assert.equal(store.release(), "held");
  store.close();
  assert.deepEqual(store.commit({}, "durable"), { ok: false, error: "broken" });
  assert.equal(markIn(data), "after");
  assert.deepEqual(lines, ["info the store takes writes again"]);
});

test("a file that belongs to somebody else is told, and not waited for", (t) => {
  const folder = tempFolder(t);
  const data = join(folder, "data");
  mkdirSync(data);
  stoppedNode(data, "theirs");
  chmodSync(folder, 0o755);
  chmodSync(data, 0o555);
  chmodSync(join(data, "state.db"), 0o444);
  const module = new URL("../../src/store/stand-by.js", import.meta.url).href;
  // Root may write whatever the modes are. It opens another file first, which loads all that a
  // build folder of root's own would then hide.
  const code = `
    const { openOrStandBy } = await import(process.argv[1]);
    const log = { write: () => {} };
    openOrStandBy(process.argv[3], log);
    if (process.getuid() === 0) {
      process.setgid(${NOBODY});
      process.setuid(${NOBODY});
    }
    const opened = openOrStandBy(process.argv[2], log);
    process.stdout.write(opened.ok ? "opened" : opened.error);`;
  const files = [join(data, "state.db"), join(folder, "other.db")];
  const args = ["--input-type=module", "-e", code, module, ...files];
  const said = execFileSync(process.execPath, args, { encoding: "utf8" });
  chmodSync(data, 0o755);
  assert.match(said, /check (?:its|the folder's) owner/);
});
