import { toHex } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { Replica } from "../../src/replica/replica.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simHash } from "../../src/sim/trust.ts";
import type { Contender, Frame, Update } from "./contender.ts";

/** A reading as the daemon writes it, about. */
const VALUE_BYTES = 24;
const NOW_MS = 0;
const WALL_MS = 1_000;
const NO_SIGNATURE = new Uint8Array(64);

const table = new IdentityTable();
const entryCodec = createEntryCodec(table);
const frameCodec = createFrameCodec(table);

/** A replica that takes every signature for good. */
export function newReplica(): Replica {
  return new Replica({ hash: simHash, verify: () => true, admit: () => true });
}

/** One who writes into a replica of its own, unsigned. */
export function newWriter(at: number): { readonly writer: Writer; readonly replica: Replica } {
  const replica = newReplica();
  const writer = new Writer(replica, {
    self: nodeIdOfKey(new Uint8Array(32).fill(at + 1)),
    credential: new Uint8Array([1]),
    boot: toHex(new Uint8Array(8).fill(at)),
    moved: false,
    random: new SeededRandom(at + 1),
    codec: entryCodec,
    sign: () => NO_SIGNATURE,
    carry: (_, value) => value,
    reserved: 0,
    reserve: () => {},
  });
  return { writer, replica };
}

/** A gossip frame of one entry, as it goes to a neighbour. */
export function frameOf(entry: Entry, round = 0): Uint8Array {
  return frameCodec.encode({ type: "gossip", rumours: [{ entry, round }] });
}

/** The entries of a gossip frame. */
export function entriesIn(frame: Uint8Array): readonly Entry[] {
  const message = frameCodec.decode(frame);
  if (!message.ok || message.value.type !== "gossip") throw new Error("no gossip frame");
  return message.value.rumours.map(({ entry }) => entry);
}

export function valueWith(number: number): Uint8Array {
  const bytes = new Uint8Array(VALUE_BYTES);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** Ours: dots, stamps, the wire's own frames; signatures neither made nor checked. */
export const watercooler: Contender = {
  title: "Watercooler, signatures left out",
  write: (all, writers) => {
    const parties = Array.from({ length: writers }, (_, at) => newWriter(at).writer);
    const births = parties.flatMap((writer) => writer.begin(NOW_MS, WALL_MS));
    return () => [...births, ...all.flatMap((update) => written(parties, update))].map(toFrame);
  },
  read: (frames) => {
    const replica = newReplica();
    for (const frame of frames) {
      for (const entry of entriesIn(bytesOf(frame))) replica.join(entry, NOW_MS, WALL_MS);
    }
    return replica;
  },
  join: (frames) => {
    const entries = frames.flatMap((frame) => entriesIn(bytesOf(frame)));
    return () => joined(entries);
  },
  stateBytes: (frames) => {
    const replica = joined(frames.flatMap((frame) => entriesIn(bytesOf(frame))));
    let bytes = 0;
    for (const { rows } of replica.origins()) {
      for (const { entry } of rows.values()) bytes += entry.body.length + entry.signature.length;
    }
    return bytes;
  },
};

function joined(entries: readonly Entry[]): Replica {
  const replica = newReplica();
  for (const entry of entries) replica.join(entry, NOW_MS, WALL_MS);
  return replica;
}

function written(parties: readonly Writer[], { writer, key, value }: Update): readonly Entry[] {
  return parties[writer]?.write(key, valueWith(value), NOW_MS, WALL_MS) ?? [];
}

const toFrame = (entry: Entry) => frameOf(entry);

function bytesOf(frame: Frame): Uint8Array {
  if (typeof frame === "string") throw new TypeError("a frame of ours is bytes");
  return frame;
}
