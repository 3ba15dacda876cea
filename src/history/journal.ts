import type { Millis } from "../base/time.ts";
import { attempt, Reader, Writer } from "../base/tlv.ts";
import { getSigned, putSigned } from "./signed.ts";

/** A reading under the number that the file gave to its series. */
export interface Heard {
  readonly series: number;
  readonly atMs: Millis;
  readonly steps: number;
  readonly holdMs: Millis;
}

/** Readings of all series since the last commit, as one block: one page of the card or two. */
export function encodeJournal(heard: readonly Heard[]): Uint8Array {
  const writer = new Writer();
  let last = 0;
  for (const { series, atMs, steps, holdMs } of heard) {
    writer.varint(series);
    putSigned(writer, atMs - last);
    putSigned(writer, steps);
    writer.varint(holdMs);
    last = atMs;
  }
  return writer.finish();
}

/** What can be read of a block; a damaged one ends early. */
export function decodeJournal(block: Uint8Array): readonly Heard[] {
  const heard: Heard[] = [];
  attempt(() => {
    const reader = new Reader(block);
    let last = 0;
    while (!reader.done) {
      const series = reader.varint();
      last += getSigned(reader);
      heard.push({ series, atMs: last, steps: getSigned(reader), holdMs: reader.varint() });
    }
  });
  return heard;
}
