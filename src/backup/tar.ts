// Headers of tar files, as POSIX has them (pax, "ustar Interchange Format"): plain files alone.

export const BLOCK_BYTES = 512;
const NAME_BYTES_MAX = 100;
const SUM_AT = 148;
const SUM_BYTES = 8;
const TYPE_AT = 156;
const FILE_TYPE = "0";

export interface TarEntry {
  readonly name: string;
  readonly bytes: number;
}

/** The header of a file that only its owner may read. */
export function tarHeader({ name, bytes }: TarEntry, modifiedS: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  header.write(name, 0, NAME_BYTES_MAX, "latin1");
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(modifiedS, 11), 136);
  header.write(FILE_TYPE, TYPE_AT);
  header.write("ustar\0" + "00", 257, "latin1");
  header.write(`${octal(sumOf(header), 6)}\0 `, SUM_AT, "latin1");
  return header;
}

/** What a header says, "end" for a block of zeros, undefined for anything else. */
export function parseTarHeader(header: Buffer): TarEntry | "end" | undefined {
  if (header.every((byte) => byte === 0)) return "end";
  const text = (at: number, length: number) =>
    header.toString("latin1", at, at + length).replace(/[\0 ].*$/s, "");
  if (text(257, 5) !== "ustar" || text(TYPE_AT, 1) !== FILE_TYPE) return undefined;
  if (octalOf(text(SUM_AT, SUM_BYTES)) !== sumOf(header)) return undefined;
  const bytes = octalOf(text(124, 12));
  return bytes === undefined ? undefined : { name: text(0, NAME_BYTES_MAX), bytes };
}

/** Zeros up to the next whole block. */
export function paddingOf(bytes: number): number {
  return (BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

function octalOf(text: string): number | undefined {
  return /^[0-7]{1,11}$/.test(text) ? Number.parseInt(text, 8) : undefined;
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function sumOf(header: Buffer): number {
  const own = header.subarray(SUM_AT, SUM_AT + SUM_BYTES);
  const total = header.reduce((sum, byte) => sum + byte, 0);
  return own.reduce((sum, byte) => sum - byte + 0x20, total);
}
