const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
/** Longer than any key or content id; the arithmetic is quadratic. */
const CHARS_MAX = 64;
/** Characters and bytes taken at once: their product stays a whole number below 2^53. */
const CHARS = 5;
const CHARS_RADIX = 58 ** CHARS;
const BYTES_RADIX = 2 ** 16;

/**
 * Bytes in Bitcoin's base 58, as `did:key` and content ids are written.
 *
 * In plain numbers: a frame may hold 3,000 identities that nobody met, and BigInt took twice as
 * long for each.
 */
export function base58(bytes: Uint8Array): string {
  const limbs: number[] = [];
  for (let at = -(bytes.length % 2); at < bytes.length; at += 2) {
    grow(limbs, BYTES_RADIX, CHARS_RADIX, (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0));
  }
  let text = "";
  for (const limb of limbs) {
    let rest = limb;
    for (let count = 0; count < CHARS; count++) {
      text = (ALPHABET[rest % 58] ?? "") + text;
      rest = Math.floor(rest / 58);
    }
  }
  return "1".repeat(leading(bytes, 0)) + text.replace(/^1+/, "");
}

/** The bytes of such a text, or undefined where it is none or has over 64 characters. */
export function fromBase58(text: string): Uint8Array | undefined {
  if (text.length > CHARS_MAX) return undefined;
  const limbs: number[] = [];
  let group = 0;
  for (let at = 0; at < text.length; at++) {
    const digit = ALPHABET.indexOf(text[at] ?? "");
    if (digit < 0) return undefined;
    group = group * 58 + digit;
    if ((text.length - at) % CHARS !== 1) continue;
    grow(limbs, CHARS_RADIX, BYTES_RADIX, group);
    group = 0;
  }
  const bytes = limbs.reverse().flatMap((limb) => [limb >> 8, limb & 0xff]);
  const zeros = new Array<number>(leading(text, "1")).fill(0);
  return Uint8Array.from([...zeros, ...bytes.slice(leading(bytes, 0))]);
}

/** A number of limbs, the lowest first: times `factor`, and `more` added. */
function grow(limbs: number[], factor: number, radix: number, more: number): void {
  let carry = more;
  for (let at = 0; at < limbs.length; at++) {
    const value = (limbs[at] ?? 0) * factor + carry;
    limbs[at] = value % radix;
    carry = Math.floor(value / radix);
  }
  for (; carry > 0; carry = Math.floor(carry / radix)) limbs.push(carry % radix);
}

function leading<T>(items: ArrayLike<T>, item: T): number {
  let count = 0;
  while (count < items.length && items[count] === item) count++;
  return count;
}
