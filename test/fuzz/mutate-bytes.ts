import { concatBytes } from "../../src/base/bytes.ts";
import { pick, type Random, randomInt } from "../../src/base/random.ts";

/** Longest input. A frame may be four times as long; longer ones only take longer. */
export const INPUT_BYTES_MAX = 64 * 1024;
/** Bytes that lie at the edges of what readers tell apart. */
const EDGES = [0x00, 0x01, 0x07, 0x08, 0x0a, 0x20, 0x7f, 0x80, 0xfe, 0xff];
/** Numbers at the edges of what varints hold: 2^7, 2^14, 2^32, 2^53, and more than 8 bytes. */
const VARINTS: readonly (readonly number[])[] = [
  [0x80, 0x01],
  [0x80, 0x80, 0x01],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
];
const INSERTED_BYTES_MAX = 16;
const REPEATS_LOG2_MAX = 12;

type Change = (input: Uint8Array, random: Random, other: Uint8Array) => Uint8Array;

/** Where a change begins and ends. */
function range(input: Uint8Array, random: Random): readonly [number, number] {
  const from = randomInt(random, input.length + 1);
  // Mostly short, sometimes to the end.
  const span = Math.floor((input.length - from) * random.next() ** 3);
  return [from, from + span];
}

function put(input: Uint8Array, at: number, bytes: Uint8Array, to = at): Uint8Array {
  return concatBytes([input.subarray(0, at), bytes, input.subarray(to)]);
}

function noise(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + randomInt(random, INSERTED_BYTES_MAX) }, () =>
    randomInt(random, 256),
  );
}

const flip: Change = (input, random) => {
  const changed = input.slice();
  const at = randomInt(random, changed.length);
  if (at < changed.length) changed[at] = (changed[at] ?? 0) ^ (1 << randomInt(random, 8));
  return changed;
};
const edge: Change = (input, random) => {
  const changed = input.slice();
  const at = randomInt(random, changed.length);
  if (at < changed.length) changed[at] = pick(random, EDGES) ?? 0;
  return changed;
};
const varint: Change = (input, random) => {
  const [from] = range(input, random);
  const bytes = Uint8Array.from(pick(random, VARINTS) ?? []);
  return put(input, from, bytes, Math.min(input.length, from + randomInt(random, 4)));
};
const remove: Change = (input, random) => {
  const [from, to] = range(input, random);
  return put(input, from, new Uint8Array(), to);
};
const insert: Change = (input, random) => put(input, range(input, random)[0], noise(random));
const cutShort: Change = (input, random) => input.slice(0, range(input, random)[0]);
const repeat: Change = (input, random) => {
  const [from, to] = range(input, random);
  const times = Math.floor(2 ** (random.next() ** 2 * REPEATS_LOG2_MAX));
  const count = Math.min(times, Math.ceil(INPUT_BYTES_MAX / Math.max(1, to - from)));
  const piece = input.subarray(from, to);
  return put(input, to, concatBytes(Array.from({ length: count }, () => piece)));
};
const splice: Change = (input, random, other) =>
  concatBytes([
    input.subarray(0, range(input, random)[0]),
    other.subarray(range(other, random)[0]),
  ]);
const swap: Change = (input, random) => {
  const [from, to] = range(input, random);
  const middle = from + randomInt(random, to - from + 1);
  return concatBytes([
    input.subarray(0, from),
    input.subarray(middle, to),
    input.subarray(from, middle),
    input.subarray(to),
  ]);
};

const CHANGES = [flip, flip, edge, edge, varint, remove, insert, cutShort, repeat, splice, swap];

/** One change of an input, as bytes that mean nothing. */
export function changeBytes(input: Uint8Array, random: Random, other: Uint8Array): Uint8Array {
  const change = pick(random, CHANGES) ?? flip;
  return change(input, random, other).slice(0, INPUT_BYTES_MAX);
}
