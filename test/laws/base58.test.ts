import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { base58, fromBase58 } from "../../src/base/base58.ts";

const ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/** The definition, digit by digit. */
function plain(bytes: Uint8Array): string {
  let number = 0n;
  for (const byte of bytes) number = number * 256n + BigInt(byte);
  let text = "";
  for (; number > 0n; number /= 58n) text = ALPHABET[Number(number % 58n)] + text;
  for (const byte of bytes) {
    if (byte !== 0) break;
    text = `1${text}`;
  }
  return text;
}

test("base 58 is what its definition says, and comes back", () => {
  const bytes = fc
    .tuple(fc.nat(3), fc.uint8Array({ maxLength: 40 }))
    .map(([zeros, rest]) => Uint8Array.from([...new Array<number>(zeros).fill(0), ...rest]));
  fc.assert(
    fc.property(bytes, (value) => {
      const text = base58(value);
      assert.equal(text, plain(value));
      assert.deepEqual(fromBase58(text), value);
    }),
    { numRuns: 2_000 },
  );
});

test("what is no base 58 gives nothing", () => {
  for (const text of ["0", "O", "l", "abc I", "é", "1".repeat(65)]) {
    assert.equal(fromBase58(text), undefined, text);
  }
  // The draft's own samples (draft-msporny-base58-03, section 5).
  assert.equal(base58(Buffer.from("Hello World!")), "2NEpo7TZRRrLZSi2U");
  assert.equal(base58(Buffer.from("0000287fb4cd", "hex")), "11233QC4");
});
