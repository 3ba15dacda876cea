// A node as a later version of this program might be: it speaks wire version 2 where its peer does,
// has one more type of message, one more field in every message, hello and entry, and writes a kind
// of entry that nobody here knows. Run as a process of its own, with the configuration as its last
// argument. Says on standard error, once each, which nodes' entries of that kind it holds whole.
import { once } from "node:events";
import { homedir, hostname } from "node:os";
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import { Writer } from "../../src/base/tlv.ts";
import { loadConfig } from "../../src/config/load.ts";
import type { Dialect } from "../../src/dialect.ts";
import { startNode } from "../../src/run-node.ts";
import { NEXT_KEY, NEXT_WIRE } from "./next-wire.ts";

const FIELD = 900;
const TYPE = 1_000;
const LOOK_MS = 250;

function field(content: string): Uint8Array {
  const writer = new Writer();
  writer.varint(FIELD * 8 + 2);
  writer.block(utf8(content));
  return writer.finish();
}

/** Nothing is written before the node has begun its life. */
let isReady = false;
const more = field("of a later version");

/** A frame of a type that only this version has. */
function newFrame(): Uint8Array {
  const writer = new Writer();
  writer.byte(NEXT_WIRE);
  writer.varint(TYPE);
  return concatBytes([writer.finish(), more]);
}

/** Whether bytes end with the new field, as this version wrote them. */
const isWhole = (body: Uint8Array) => Buffer.from(body).subarray(-more.length).equals(more);

const dialect: Dialect = {
  version: NEXT_WIRE,
  hello: (own) => concatBytes([own, more]),
  frames: ({ encode, decode }) => ({
    encode: (message, version) => {
      // What is only for a later version is not said to an older one.
      const frame = encode(message, version);
      return version === NEXT_WIRE ? concatBytes([frame, more, field(message.type)]) : frame;
    },
    decode,
  }),
  entries: ({ encode, decode }) => ({
    encode: (content) => concatBytes([encode(content), more]),
    decode,
  }),
  links: (own) => ({
    start: (listener) => own.start(listener),
    bound: () => own.bound(),
    dial: (address, expected) => own.dial(address, expected),
    // A new type of message is said to all: who does not know it passes it over.
    send: (peer, frame) => {
      own.send(peer, newFrame());
      return own.send(peer, frame);
    },
    close: (peer) => own.close(peer),
    stats: () => own.stats(),
    stop: () => own.stop(),
  }),
  begin: (node, replica) => {
    const seen = new Set<string>();
    node.every(LOOK_MS, () => {
      if (!isReady) return;
      if (seen.size === 0) node.write(NEXT_KEY, utf8("value"), "durable");
      for (const { origin, held } of replica.origins()) {
        const entry = held.get(NEXT_KEY)?.entry;
        if (entry === undefined || seen.has(origin) || !isWhole(entry.body)) continue;
        seen.add(origin);
        console.error(`holds ${NEXT_KEY} of ${origin}`);
      }
    });
  },
};

const explicitPath = process.argv.at(-1) ?? "";
const around = { env: {}, hostname: hostname(), homedir: homedir(), cwd: "/", explicitPath };
const loaded = await loadConfig(around);
if (!loaded.ok) throw new Error(loaded.error.join("; "));
const { signal } = new AbortController();
const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const log = {
  write: (level: string, message: string, fields = {}) =>
    console.error(new Date().toISOString(), level, message, JSON.stringify(fields)),
};
const ports = { clock, log, signal, version: "9.9.9", dialect };
// From now on: whoever ends it while it starts wants it to end in good order too.
const ended = once(process, "SIGTERM");
const started = await startNode(loaded.value.config, ports);
if (!started.ok) throw new Error(started.error);
const { apiAddresses, stop } = started.value;
isReady = true;
console.error(`info ready api=http://${apiAddresses[0]}`);
await ended;
await stop();
process.exit(0);
