import assert from "node:assert/strict";
import test from "node:test";
import { fromHex } from "../../src/base/bytes.ts";
import type { NodeId } from "../../src/base/id.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { type ChainRefusal, checkChain, timeRefusal } from "../../src/ucan/chain.ts";
import { type Delegation, decodeDelegation, delegate } from "../../src/ucan/delegation.ts";
import type { Signer } from "../../src/ucan/envelope.ts";
import { decodeInvocation, invoke } from "../../src/ucan/invocation.ts";
import type { Ipld, IpldMap } from "../../src/ucan/ipld.ts";
import type { Policy } from "../../src/ucan/policy.ts";
import { alice, bob, carol, fourfold } from "./ucan-principals.ts";

// The working group's vectors of version 1.0.0. Ed25519 signs the same bytes the same way, so
// what we make from the same keys and fields has the published content id, or differs in a byte.
const crypto = createUcanCrypto();
const version = "1.0.0" as const;
const NOW = 1_767_225_600;
const ISSUED = 1_760_918_400;
const OTHER = "did:key:z6MkoyjRyS6aPQ3X8rT5FiPiR1VA6wAM3PG3Kr8TESRSdV1B" as NodeId;
/** The key of that fourth principal is not published, the signature is. */
const other: Signer = {
  id: OTHER,
  sign: () =>
    fromHex(
      "c255573c8d28dcc706b23f68a9dc0f3d0be70fbc5ec8f2684380f6c0c7ed9c5e" +
        "2f0384f6da26c98d7e489830759334bbd944ad8f318d74fcdb6b5521220f0e0a",
    ) ?? new Uint8Array(),
};

interface Limits {
  readonly exp?: number;
  readonly nbf?: number;
  readonly pol?: Policy;
  readonly nonce?: string;
}

function link(issuer: Signer, audience: NodeId, subject: NodeId | null, limits: Limits = {}) {
  const { exp = null, nbf, pol = [], nonce = "01020304" } = limits;
  return delegate(
    {
      issuer,
      audience,
      subject,
      command: "/msg/send",
      policy: pol,
      expiration: exp,
      ...(nbf !== undefined && { notBefore: nbf }),
      nonce: fourfold(nonce),
      version,
    },
    crypto,
  );
}

interface Vector {
  readonly name: string;
  readonly cid: string;
  readonly sub: NodeId;
  readonly proofs: readonly Delegation[];
  readonly nonce?: string;
  readonly aud?: NodeId;
  readonly args?: IpldMap;
  readonly exp?: number;
  readonly refused?: ChainRefusal;
}

const LONG_AGO = 1_760_958_515;
const FAR = 253_402_300_799;
const [FIRST, SECOND, THIRD] = ["01020304", "05060708", "01010308"];
const answer: readonly [readonly ["==", string, Ipld]] = [["==", ".answer", 42]];
const fromCarol = link(carol, bob.id, carol.id);
const fromOther = link(other, carol.id, OTHER);

const vectors: readonly Vector[] = [
  {
    name: "self signed",
    cid: "zdpuAroQrUZtq5tjXuJ2SmwjJwfyCsXcgLZxAGumx4Dwvg7kX",
    sub: alice.id,
    proofs: [],
    nonce: FIRST,
  },
  {
    name: "single non-time bounded proof",
    cid: "zdpuAwTWzxbvXCvmmRdSjzfyFfkYjifcVhnBrdBDRvqgdjcQa",
    sub: bob.id,
    proofs: [link(bob, alice.id, bob.id)],
  },
  {
    name: "single active non-expired proof",
    cid: "zdpuB2ktrPP9mXz8VoCrm27twfYGSnVqjjrwqKryqqY15kLaa",
    sub: bob.id,
    proofs: [link(bob, alice.id, bob.id, { nbf: LONG_AGO })],
  },
  {
    name: "multiple proofs",
    cid: "zdpuAuhsNMjhEkhcQPZntcEjVbUPNqmcTd3sLiaxyraWaVZxE",
    sub: carol.id,
    proofs: [fromCarol, link(bob, alice.id, carol.id, { nonce: SECOND })],
    nonce: THIRD,
  },
  {
    name: "multiple active proofs",
    cid: "zdpuB3WGDfSTAbiyT8N88pvsecVS5smc15FBfWD9fXMRaEVUq",
    sub: carol.id,
    proofs: [fromCarol, link(bob, alice.id, carol.id, { nbf: LONG_AGO, nonce: SECOND })],
    nonce: THIRD,
  },
  {
    name: "powerline",
    cid: "zdpuArV5v3kfaeB5GwMmp2HC4BLnNtPkgdJb36zATZFu6JyKk",
    sub: carol.id,
    proofs: [fromCarol, link(bob, alice.id, null, { nonce: SECOND })],
    nonce: THIRD,
  },
  {
    name: "policy match",
    cid: "zdpuAqAqdr9kidmmUBGqhoDzHnFHKs3mzYdc1yjLJbo3ZEmB3",
    sub: bob.id,
    proofs: [link(bob, alice.id, bob.id, { pol: answer })],
    args: { answer: 42 },
  },
  {
    name: "no proof",
    cid: "zdpuAytx5WVE2umtCjfFMvQnNb9ogYN1JszzRDYAroWExmCzj",
    sub: carol.id,
    proofs: [],
    nonce: FIRST,
    refused: "no proofs",
  },
  {
    name: "expired proof",
    cid: "zdpuAm5JND1emgc8ePYLbgDCG1L9svrX1gLxwR1zrp4zSRazH",
    sub: bob.id,
    aud: carol.id,
    proofs: [link(bob, alice.id, bob.id, { exp: LONG_AGO })],
    refused: "expired",
  },
  {
    name: "inactive proof",
    cid: "zdpuB2Y33JNQazknYqgrdD9RVNBb1aoCckN3dEhecUuXCBftT",
    sub: bob.id,
    aud: carol.id,
    proofs: [link(bob, alice.id, bob.id, { nbf: FAR })],
    refused: "not yet valid",
  },
  {
    name: "proof principal alignment",
    cid: "zdpuApwKV5FJomsqtZvb8u3HRmHyRSj6haqxGQfiTXFjkVxwj",
    sub: OTHER,
    proofs: [fromOther, link(bob, alice.id, OTHER, { nonce: SECOND })],
    nonce: THIRD,
    refused: "broken",
  },
  {
    name: "invocation principal alignment",
    cid: "zdpuAopj7Uw7uxXhJet4RauSgE11hZauC8Rm5HoycyiuMbcK7",
    sub: OTHER,
    proofs: [fromOther, link(carol, bob.id, OTHER, { nonce: SECOND })],
    nonce: THIRD,
    refused: "not the caller's",
  },
  {
    name: "proof subject alignment",
    cid: "zdpuB37T1udYncPT6yrwUpb3ZsBMiePU9pwndWcQvoZoPLpLg",
    sub: carol.id,
    proofs: [fromCarol, link(bob, alice.id, bob.id, { nonce: SECOND })],
    nonce: THIRD,
    refused: "broken",
  },
  {
    name: "invocation subject alignment",
    cid: "zdpuApbUTWpEiyP4ZC9ExZPusPmRPGyh5SpVzTL8LTXU1qFAT",
    sub: OTHER,
    proofs: [fromCarol, link(bob, alice.id, carol.id, { nonce: SECOND })],
    nonce: THIRD,
    refused: "other mesh",
  },
  {
    name: "expired invocation",
    cid: "zdpuAxXkZDCG3V2T52sJYwjfTyFtwP9ShDHQo9sL8obqJKfsZ",
    sub: bob.id,
    aud: carol.id,
    proofs: [link(bob, alice.id, bob.id)],
    exp: LONG_AGO,
    refused: "expired",
  },
  {
    name: "invalid powerline",
    cid: "zdpuAwUUQPWwBehEFFVBmQ3wg9zQUz4L1QvCFNaTvviAkET6Y",
    sub: carol.id,
    proofs: [link(bob, alice.id, null)],
    refused: "other mesh",
  },
  {
    name: "policy violation",
    cid: "zdpuB3bRMfjE6dYdSN4m6QPjUAuSbxZPsTYGxfoAf4jU7cWfv",
    sub: bob.id,
    proofs: [link(bob, alice.id, bob.id, { pol: answer })],
    args: { answer: 41 },
    refused: "outside its limits",
  },
];

for (const { name, cid, sub, proofs, refused, args = {}, aud, exp = null, nonce } of vectors) {
  test(`published vector: ${name}`, () => {
    const made = invoke(
      {
        issuer: alice,
        subject: sub,
        ...(aud !== undefined && { audience: aud }),
        command: "/msg/send",
        args,
        proofs,
        expiration: exp,
        issuedAt: ISSUED,
        nonce: fourfold(nonce ?? SECOND ?? ""),
        version,
      },
      crypto,
    );
    assert.equal(made.cid, cid, "every byte of it and of its proofs is as published");
    const read = decodeInvocation(made.bytes, crypto);
    assert.ok(read.ok, "it reads");
    const links = proofs.map(({ bytes }) => {
      const decoded = decodeDelegation(bytes, crypto);
      assert.ok(decoded.ok, "its proof reads");
      return decoded.value;
    });
    assert.deepEqual(
      links.map((one) => one.cid),
      read.value.prf,
    );
    const late = timeRefusal(read.value, NOW);
    const { iss: audience, cmd: command } = read.value;
    const question = { subject: sub, audience, command, args, proofs: links, now: NOW };
    const checked = checkChain({ ...question, isRevoked: () => false });
    assert.equal(late ?? (checked.ok ? undefined : checked.error), refused);
  });
}

test("published vector: a delegation by itself", () => {
  const made = delegate(
    {
      issuer: bob,
      audience: carol.id,
      subject: bob.id,
      command: "/account",
      expiration: 1_753_353_393,
      nonce: fromHex("276d2bf691e427fca8362ac3") ?? new Uint8Array(),
      version,
    },
    crypto,
  );
  // Published in base32; this is the hash that stands in it.
  const hash = Buffer.from(crypto.sha256(made.bytes)).toString("hex");
  assert.equal(hash, "d82cdb949791153e65bfaa2b9fddd60b73c5bc8963051d01de0bcfe7cdf3668f");
});
