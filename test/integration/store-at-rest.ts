import { silentLog } from "../../src/base/log.ts";
import { openStore } from "../../src/store/open.ts";

// Opens and closes a store, commits to another in both ways, then rests while garbage is made from
// short turns, so that much of the collecting happens between them.

const TURNS = 150;
const TURN_MS = 20;
const GARBAGE_OBJECTS = 20_000;

const path = process.argv[2] ?? "";

function open(file: string) {
  const opened = openStore(file, silentLog);
  if (!opened.ok) throw new Error(opened.error);
  return opened.value;
}

open(`${path}.other`).close();
const store = open(path);
for (let commit = 0; commit < 200; commit++) {
  store.commit({ meta: { commit: String(commit) } }, commit % 2 === 0 ? "durable" : "batched");
}

let garbage: object[] = [];
let turns = 0;
const timer = setInterval(() => {
  garbage = Array.from({ length: GARBAGE_OBJECTS }, (_, at) => ({ at }));
  turns += 1;
  if (turns < TURNS) return;
  clearInterval(timer);
  store.close();
  process.exit(garbage.length === GARBAGE_OBJECTS ? 0 : 1);
}, TURN_MS);
