// A node without neighbours that writes for ever to the store in argument 2, and says on its output
// what it held at the start, what it says to the mesh, and what it acknowledges. Killed by whoever
// started it.
import { createHash, randomUUID } from "node:crypto";
import { writeSync } from "node:fs";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey, PUBLIC_KEY_BYTES } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { assembleNode } from "../../src/node/assemble.ts";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { SIM_CREDENTIAL, simSign, simTrust } from "../../src/sim/trust.ts";
import { openStore } from "../../src/store/open.ts";
import { isDurable, KEY_PREFIX, keyAt, type Line, type Said, takesBack } from "./torture-lines.ts";

const [, , path = "", first = "1"] = process.argv;

/** Straight to the descriptor: a line in a buffer dies with the process. */
function say(line: Line): void {
  writeSync(1, `${JSON.stringify(line)}\n`);
}

const self = nodeIdOfKey(new Uint8Array(PUBLIC_KEY_BYTES).fill(7));
const opened = openStore(path, silentLog);
if (!opened.ok) throw new Error(opened.error);
const store = opened.value;
const codec = createEntryCodec(new IdentityTable());

function saidOf({ key, dot, value, body }: Entry): Said {
  const at = value === undefined ? undefined : Number(new TextDecoder().decode(value));
  const hash = createHash("sha256").update(body).digest("base64url");
  return { key, dot: `${dot.incarnation}.${dot.seq}`, hash, at: Number.isNaN(at) ? undefined : at };
}

const rows = store.load().origins.flatMap(({ entries }) => entries);
const held = rows.map(({ body, signature }) => {
  const entry = codec.decode(body, signature);
  if (!entry.ok) throw new Error("a row that is none");
  return saidOf(entry.value);
});
say({ held, movedAside: store.state().movedAside ?? null });

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const { node } = assembleNode({
  identity: {
    ...{ self, boot: randomUUID(), credential: SIM_CREDENTIAL, machine: "torture" },
    sign: (body) => simSign(self, body),
  },
  trust: simTrust,
  parameters: DEFAULT_PARAMETERS,
  addresses: () => [],
  entryCodec: codec,
  frameCodec: createFrameCodec(new IdentityTable()),
  store,
  transport: {
    start: async () => {},
    bound: () => [],
    dial: () => {},
    send: () => "no-link",
    close: () => {},
    stats: () => [],
    stop: async () => {},
  },
  discovery: {
    start: async () => {},
    refresh: () => {},
    state: () => [],
    stop: async () => {},
  },
  clock,
  timers: systemTimers,
  random: new SeededRandom(Date.now()),
  log: silentLog,
});
node.onEntries((entries) => {
  for (const entry of entries) if (entry.key.startsWith(KEY_PREFIX)) say({ said: saidOf(entry) });
});
node.begin();
let at = Number(first);
const next = () => {
  const value = takesBack(at) ? undefined : utf8(String(at));
  const durability = isDurable(at) ? "durable" : "batched";
  say({ trying: at });
  const done = node.write(keyAt(at), value, durability);
  if (!done.ok) throw new Error(`write ${at}: ${done.error}`);
  say({ acknowledged: at });
  at += 1;
  setImmediate(next);
};
next();
