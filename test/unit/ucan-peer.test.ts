import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { EdDSASigner } from "iso-signatures/signers/eddsa.js";
import { verifier } from "iso-signatures/verifiers/eddsa.js";
import { Resolver } from "iso-signatures/verifiers/resolver.js";
import { Delegation as PeerDelegation } from "iso-ucan/delegation";
import { Invocation as PeerInvocation } from "iso-ucan/invocation";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { checkChain } from "../../src/ucan/chain.ts";
import { decodeDelegation, delegate } from "../../src/ucan/delegation.ts";
import { decodeInvocation, invoke } from "../../src/ucan/invocation.ts";
import { identityOfSeed } from "./ucan-principals.ts";

const crypto = createUcanCrypto();
const EXPIRATION = Math.floor(Date.now() / 1_000) + 3_600;
const policy = [["==", ".room", "kitchen"]] as const;
const args = { room: "kitchen", count: 3, half: 0.5, deep: { list: [null, true, "x"] } };
const verifierResolver = new Resolver(verifier);

test("iso-ucan reads what we make", async () => {
  const root = identityOfSeed(randomBytes(32).toString("hex"));
  const guest = identityOfSeed(randomBytes(32).toString("hex"));
  const given = delegate(
    {
      issuer: root,
      audience: guest.id,
      subject: root.id,
      command: "/target",
      policy,
      expiration: EXPIRATION,
      notBefore: EXPIRATION - 7_200,
      nonce: randomBytes(12),
      meta: { name: "Ana" },
    },
    crypto,
  );
  const used = invoke(
    {
      issuer: guest,
      subject: root.id,
      command: "/target/set",
      args,
      proofs: [given],
      expiration: EXPIRATION,
      nonce: randomBytes(12),
    },
    crypto,
  );
  const proof = await PeerDelegation.from({ bytes: given.bytes, verifierResolver });
  assert.equal(proof.cid.toString().length > 0, true);
  const read = await PeerInvocation.from({
    bytes: used.bytes,
    verifierResolver,
    resolveProof: async () => proof,
  });
  assert.equal(read.payload.cmd, "/target/set");
  assert.deepEqual(read.payload.args, args);
});

type PeerSigner = Parameters<typeof PeerDelegation.create>[0]["iss"];

/** Its types are not written for exact optional properties. */
const peerSigner = async () => (await EdDSASigner.generate()) as PeerSigner;

test("we read what iso-ucan makes", async () => {
  const root = await peerSigner();
  const guest = await peerSigner();
  const given = await PeerDelegation.create({
    iss: root,
    aud: guest.did,
    sub: root.did,
    cmd: "/target",
    pol: [["==", ".room", "kitchen"]],
    exp: EXPIRATION,
    meta: { name: "Ana" },
  });
  const used = await PeerInvocation.create({
    iss: guest,
    sub: root.did,
    cmd: "/target/set",
    args,
    prf: [given],
    exp: EXPIRATION,
    verifierResolver,
  });
  const link = decodeDelegation(given.bytes, crypto);
  const invocation = decodeInvocation(used.bytes, crypto);
  assert.ok(link.ok && invocation.ok);
  assert.deepEqual(invocation.value.prf, [link.value.cid]);
  assert.deepEqual(
    { ...invocation.value.args, deep: { ...Object(invocation.value.args.deep) } },
    args,
  );
  const { iss, sub, cmd } = invocation.value;
  const question = {
    subject: sub,
    audience: iss,
    command: cmd,
    proofs: [link.value],
    isRevoked: () => false,
    now: EXPIRATION - 60,
  };
  assert.ok(checkChain({ ...question, args: invocation.value.args }).ok);
  assert.equal(checkChain({ ...question, args: { room: "lab" } }).ok, false);
});
