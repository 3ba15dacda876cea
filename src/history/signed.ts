import type { Reader, Writer } from "../base/tlv.ts";

/** Whole numbers of either sign as varints: zigzag, as Protocol Buffers have it, for 52 bits. */
export function putSigned(writer: Writer, value: number): void {
  writer.varint(value >= 0 ? 2 * value : -2 * value - 1);
}

export function getSigned(reader: Reader): number {
  const value = reader.varint();
  return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
}
