import { getHeapStatistics } from "node:v8";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import type { Rumour } from "../../src/overlay/messages.ts";
import { IdentityTable } from "../../src/replica/entry-codec.ts";
import { figure, type Section } from "./section.ts";
import { entriesIn, frameOf, newReplica, newWriter, valueWith } from "./watercooler.ts";

/** So few that between most rounds nothing is collected. */
const FRAMES_A_ROUND = 100;
/** In the first half of them the code is still compiled. */
const ROUNDS = 400;
const FRAMES = FRAMES_A_ROUND * ROUNDS;

const NO_FRAME = new Uint8Array();

interface Job {
  readonly title: string;
  /** What is done to each frame. */
  readonly hop: (at: number) => unknown;
}

/** What a frame that passes through costs the collector, beside JSON of the same content. */
export function frames(): Section {
  const made = gossip();
  const measured = [passOn(made), joinAlone(made), json(made)].map((job) => ({
    title: job.title,
    bytes: bytesEach(job),
  }));
  const ours = measured[0]?.bytes ?? 0;
  const size = made.reduce((sum, { length }) => sum + length, 0) / made.length;
  return {
    title: "Allocations",
    head: ["a gossip frame", "bytes allocated", "times ours"],
    rows: measured.map(({ title, bytes }) => [title, bytes, bytes / ours]),
    notes: [
      `A frame is ${figure(size)} bytes: one entry, its signature (not checked) and its hops. ` +
        "Heap and array buffers together, once the code is compiled.",
    ],
  };
}

/** As many frames of one writer, each with a later reading. */
function gossip(): readonly Uint8Array[] {
  const { writer } = newWriter(0);
  const entries = [...writer.begin(0, 1_000)];
  while (entries.length < FRAMES) {
    const value = valueWith(entries.length);
    entries.push(...writer.write("reading/bme280/temperature", value, 0, 1_000));
  }
  return entries.map((entry) => frameOf(entry));
}

/** What a node does with a frame: reads it, joins the entry, says it to the next. */
function passOn(made: readonly Uint8Array[]): Job {
  const replica = newReplica();
  const codec = createFrameCodec(new IdentityTable());
  return {
    title: "decoded, joined, encoded for the next hop",
    hop: (at) => {
      const message = codec.decode(made[at] ?? NO_FRAME);
      if (!message.ok || message.value.type !== "gossip") throw new Error("no gossip frame");
      const rumours: Rumour[] = [];
      for (const { entry, round } of message.value.rumours) {
        if (replica.join(entry, 0, 1_000).fresh) rumours.push({ entry, round: round + 1 });
      }
      return codec.encode({ type: "gossip", rumours });
    },
  };
}

function joinAlone(made: readonly Uint8Array[]): Job {
  const replica = newReplica();
  const entries = made.flatMap(entriesIn);
  return {
    title: "of that the join",
    hop: (at) => {
      const entry = entries[at];
      return entry && replica.join(entry, 0, 1_000);
    },
  };
}

/** The least that JavaScript needs for the same: a parse, a property, a text. */
function json(made: readonly Uint8Array[]): Job {
  const texts = made.map((frame) => {
    const [entry] = entriesIn(frame);
    if (entry === undefined) throw new Error("a frame without an entry");
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
    const { origin, key, dot, stamp, value = NO_FRAME, signature } = entry;
    const said = { origin, key, dot, stamp, value: base64(value), signature: base64(signature) };
    return JSON.stringify({ type: "gossip", rumours: [{ entry: said, round: 0 }] });
  });
  return {
    title: "JSON.parse and JSON.stringify alone",
    hop: (at) => {
      const message = JSON.parse(texts[at] ?? "") as { rumours: { round: number }[] };
      for (const rumour of message.rumours) rumour.round += 1;
      return JSON.stringify(message);
    },
  };
}

/** The median of the later rounds: where something was collected meanwhile it is far off. */
function bytesEach({ hop }: Job): number {
  const rounds = Array.from({ length: ROUNDS }, (_, round) => {
    const before = allocated();
    for (let at = 0; at < FRAMES_A_ROUND; at += 1) hop(round * FRAMES_A_ROUND + at);
    return (allocated() - before) / FRAMES_A_ROUND;
  });
  const last = rounds.slice(ROUNDS / 2).sort((one, other) => one - other);
  return last[ROUNDS / 4] ?? 0;
}

function allocated(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
