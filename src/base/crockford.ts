import { err, ok, type Result } from "./result.ts";

// Crockford's base 32 (crockford.com/base32): no I, L, O, U, so that a code that was read out or
// written down comes back as it was.

const DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const ALIKE: Readonly<Record<string, string>> = { O: "0", I: "1", L: "1" };
const DIGIT_BITS = 5;
const BYTE_BITS = 8;

/** Bytes in base 32, in groups of so many digits with a dash between. */
export function crockford(bytes: Uint8Array, group: number): string {
  let text = "";
  let held = 0;
  let bits = 0;
  for (const byte of bytes) {
    held = (held << BYTE_BITS) | byte;
    bits += BYTE_BITS;
    for (; bits >= DIGIT_BITS; bits -= DIGIT_BITS) {
      text += DIGITS[(held >>> (bits - DIGIT_BITS)) & 31];
    }
    held &= (1 << bits) - 1;
  }
  if (bits > 0) text += DIGITS[(held << (DIGIT_BITS - bits)) & 31];
  return (text.match(new RegExp(`.{1,${group}}`, "g")) ?? []).join("-");
}

/**
 * So many bytes from base 32. Case, dashes and spaces don't matter; O is read as 0, I and L as 1.
 * The error says which digit is none, or how many there should be.
 */
export function fromCrockford(text: string, length: number): Result<Uint8Array> {
  const digits = text.toUpperCase().replace(/[\s\u2010-\u2015-]/g, "");
  const wanted = Math.ceil((length * BYTE_BITS) / DIGIT_BITS);
  const bytes = new Uint8Array(length);
  let held = 0;
  let bits = 0;
  let at = 0;
  for (const digit of digits) {
    const value = DIGITS.indexOf(ALIKE[digit] ?? digit);
    if (value < 0) return err(`"${digit}" is in none of them`);
    held = (held << DIGIT_BITS) | value;
    bits += DIGIT_BITS;
    if (bits < BYTE_BITS) continue;
    bits -= BYTE_BITS;
    if (at < length) bytes[at] = held >>> bits;
    at += 1;
    held &= (1 << bits) - 1;
  }
  if (digits.length !== wanted) return err(`it has ${digits.length} characters, not ${wanted}`);
  return held === 0 ? ok(bytes) : err("its last character is wrong");
}

/** A cyclic redundancy check of `width` bits (8 or 16): finds every slip of one digit. */
export function checksum(bytes: Uint8Array, width: 8 | 16): Uint8Array {
  const polynomial = width === 8 ? 0x07 : 0x1021;
  const top = 1 << (width - 1);
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << (width - BYTE_BITS);
    for (let bit = 0; bit < BYTE_BITS; bit++) {
      rest = ((rest << 1) ^ ((rest & top) === 0 ? 0 : polynomial)) & (2 * top - 1);
    }
  }
  return width === 8 ? Uint8Array.of(rest) : Uint8Array.of(rest >>> BYTE_BITS, rest & 0xff);
}
