import { randomInt, SeededRandom } from "../../src/base/random.ts";

/** The same updates for every library: writer after writer sets one of its keys. */
export interface Update {
  readonly writer: number;
  readonly key: string;
  readonly value: number;
}

/** What goes over a wire: bytes, or text of one byte a letter. */
export type Frame = Uint8Array | string;

/** Something that keeps what many writers say, joined from the bytes of one update each. */
export interface Contender {
  readonly title: string;
  /** Fresh writers; the job that it gives makes the bytes of each update. */
  write(all: readonly Update[], writers: number): () => readonly Frame[];
  /** Joins what was written into an empty state, one frame after another. */
  read(frames: readonly Frame[]): unknown;
  /** The same with what is read of the frames beforehand, where the two can be told apart. */
  join?(frames: readonly Frame[]): () => unknown;
  /** The whole state as it is sent to a newcomer. */
  stateBytes(frames: readonly Frame[]): number;
}

const KEYS = 8;

/** So many updates of so many writers, the same for the same numbers. */
export function updates(count: number, writers: number): readonly Update[] {
  const random = new SeededRandom(1);
  return Array.from({ length: count }, (_, value) => ({
    writer: randomInt(random, writers),
    key: `reading/${randomInt(random, KEYS)}/temperature`,
    value,
  }));
}

/** What our own store of the same would be without any promise: the last value of each key. */
export const plainMap: Contender = {
  title: "plain map, JSON",
  write: (all) => () =>
    all.map(({ writer, key, value }) => JSON.stringify([`${writer} ${key}`, value])),
  read: (frames) => keepHighest(frames.map(parsed)),
  join: (frames) => {
    const read = frames.map(parsed);
    return () => keepHighest(read);
  },
  stateBytes: (frames) => JSON.stringify([...keepHighest(frames.map(parsed))]).length,
};

function parsed(frame: Frame): readonly [string, number] {
  return JSON.parse(String(frame)) as [string, number];
}

function keepHighest(said: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const held = new Map<string, number>();
  for (const [name, value] of said) {
    const known = held.get(name);
    if (known === undefined || known < value) held.set(name, value);
  }
  return held;
}
