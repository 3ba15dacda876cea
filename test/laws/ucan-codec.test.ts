import assert from "node:assert/strict";
import test from "node:test";
import * as peer from "@ipld/dag-cbor";
import fc from "fast-check";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import {
  containerBytes,
  containerText,
  fromContainerBytes,
  fromContainerText,
} from "../../src/ucan/container.ts";
import { decodeDagCbor } from "../../src/ucan/dag-cbor-decode.ts";
import { encodeDagCbor } from "../../src/ucan/dag-cbor-encode.ts";
import { decodeDelegation, delegate } from "../../src/ucan/delegation.ts";
import { decodeInvocation } from "../../src/ucan/invocation.ts";
import { equalIpld, type Ipld } from "../../src/ucan/ipld.ts";
import { alice, bob } from "../unit/ucan-principals.ts";

const crypto = createUcanCrypto();
const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((one) => !Number.isInteger(one)),
  fc.string({ unit: "grapheme" }).filter((text) => !text.startsWith("\ufeff")),
  fc.uint8Array(),
);
const ipld = fc.letrec<{ value: Ipld }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value"), { maxLength: 5 }),
    fc.dictionary(fc.string({ maxLength: 30 }), tie("value"), { maxKeys: 5 }),
  ),
})).value;

test("what is encoded is read again, and is the bytes that @ipld/dag-cbor makes", () => {
  fc.assert(
    fc.property(ipld, (value) => {
      const bytes = encodeDagCbor(value);
      assert.equal(toHex(bytes), toHex(peer.encode(value)));
      const read = decodeDagCbor(bytes);
      assert.ok(read.ok && equalIpld(read.value, value));
    }),
  );
});

test("whatever is read would be written the same, or as a float of a whole number", () => {
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 12 }),
    // Near to what is canonical: one byte of it changed.
    fc.tuple(ipld, fc.nat(), fc.nat(255)).map(([value, at, byte]) => {
      const bytes = encodeDagCbor(value);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      const read = decodeDagCbor(bytes);
      if (!read.ok || toHex(bytes).includes("fb")) return;
      assert.equal(toHex(encodeDagCbor(read.value)), toHex(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test("what is not canonical is refused", () => {
  const bad = {
    "": "nothing",
    "1801": "a longer length",
    f97e00: "a short float",
    fb7ff8000000000000: "not a number",
    f7: "undefined",
    "9fff": "an indefinite list",
    a2616201616101: "keys out of order",
    a2616101616101: "a repeated key",
    a10101: "a key that is no text",
    "61ff": "no UTF-8",
    "64efbbbf61": "a mark before a text",
    c100: "another tag",
    d82a4100: "a link to nothing",
    "0000": "bytes left over",
    "1b0020000000000000": "54 bits",
    "5bffffffffffffffff": "a length that lies",
    ["81".repeat(40)]: "too deep",
  };
  for (const [hex, what] of Object.entries(bad)) {
    assert.equal(decodeDagCbor(fromHex(hex) ?? new Uint8Array()).ok, false, what);
  }
});

const token = () =>
  delegate(
    {
      issuer: alice,
      audience: bob.id,
      subject: alice.id,
      command: "/target/set",
      policy: [["==", ".room", "kitchen"]],
      expiration: 2_000_000_000,
      nonce: Uint8Array.of(1, 2, 3),
    },
    crypto,
  );

test("no changed byte of a token is overlooked", () => {
  const { bytes } = token();
  for (let at = 0; at < bytes.length; at++) {
    const changed = bytes.slice();
    changed[at] = (changed[at] ?? 0) ^ 1;
    assert.equal(decodeDelegation(changed, crypto).ok, false, `byte ${at}`);
  }
  assert.equal(decodeDelegation(bytes.subarray(0, -1), crypto).ok, false);
  assert.equal(decodeInvocation(bytes, crypto).ok, false, "a delegation is no invocation");
});

test("a container gives back the tokens, sorted and once", () => {
  const arrays = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 8 });
  fc.assert(
    fc.property(arrays, (all) => {
      const tokens = all.map((bytes) => ({ bytes }));
      const read = fromContainerText(containerText(tokens));
      const plain = fromContainerBytes(containerBytes(tokens));
      const wanted = [...new Set(all.map(toHex))].sort();
      assert.ok(read.ok && plain.ok);
      assert.deepEqual(read.value.map(toHex), wanted);
      assert.deepEqual(plain.value.map(toHex), wanted);
    }),
  );
  // {"ctn-v1": [h'0102']}, by the specification's rules.
  assert.equal(containerText([{ bytes: Uint8Array.of(1, 2) }]), "CoWZjdG4tdjGBQgEC");
  for (const text of ["", "BoWZjdG4tdjGA", "CoWZjdG4tdjGAA", "C oWZj", "CoWZjdG4tdjGBAQ"]) {
    assert.equal(fromContainerText(text).ok, false, text);
  }
});
