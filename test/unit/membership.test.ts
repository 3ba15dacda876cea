import assert from "node:assert/strict";
import test from "node:test";
import { keyOfNodeId } from "../../src/base/id.ts";
import { makeForgetToken, makeReplaceToken } from "../../src/trust/forget-token.ts";
import { type Identity, identityOfSeed } from "../../src/trust/identity.ts";
import { decodeInvitation, encodeInvitation } from "../../src/trust/invitation-code.ts";
import { invitationId, invitationKey } from "../../src/trust/invitation-key.ts";
import { letIn, Mesh, readChain, signIn } from "../../src/trust/membership.ts";
import { makeRootKey, readRootKey } from "../../src/trust/root-key.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";

const crypto = createUcanCrypto();
const identity = (byte: number) => identityOfSeed(new Uint8Array(32).fill(byte));
const [root, other, a, b, c, d] = [1, 2, 3, 4, 5, 6].map(identity) as [
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
  Identity,
];

function pass(on: Uint8Array, issuer: Identity, node: Identity, power: "member" | "admin") {
  const nonce = new Uint8Array();
  const made = letIn({ mesh: root.id, issuer, on, node: node.id, power, nonce }, crypto);
  assert.ok(made.ok, made.ok ? "" : made.error);
  return made.value;
}

const toA = signIn(root, a.id, "admin", crypto);
const toB = pass(toA, a, b, "admin");
const toC = pass(toB, b, c, "member");

test("a code comes back however it was typed, and a slip is found", () => {
  const secret = Uint8Array.from({ length: 16 }, (_, at) => 255 - 7 * at);
  const meshTag = Uint8Array.from({ length: 8 }, (_, at) => 31 * at);
  const code = encodeInvitation({ secret, meshTag });
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}$/);
  const sloppy = code.toLowerCase().replaceAll("-", " ").replaceAll("0", "o").replaceAll("1", "l");
  for (const typed of [code, sloppy, code.replaceAll("-", ""), ` ${code}\n`]) {
    assert.deepEqual(decodeInvitation(typed), { ok: true, value: { secret, meshTag } });
  }
  for (let at = 0; at < code.length; at++) {
    if (code[at] === "-") continue;
    for (const digit of "0123456789ABCDEFGHJKMNPQRSTVWXYZ") {
      if (digit === code[at]) continue;
      const slip = code.slice(0, at) + digit + code.slice(at + 1);
      assert.ok(!decodeInvitation(slip).ok, `${slip} for ${code}`);
    }
  }
  for (const none of ["", "hello", code.slice(1), `${code}0`, code.replace(/^./, "U")]) {
    const decoded = decodeInvitation(none);
    assert.ok(!decoded.ok);
    assert.match(decoded.error, /^this is no invitation code \(.+\): type it again$/);
  }
});

test("an invitation's key is made from its secret alone, and tells nothing of it", () => {
  const secret = new Uint8Array(16).fill(9);
  const key = invitationKey(secret);
  assert.equal(invitationKey(secret.slice()).id, key.id);
  assert.notEqual(invitationKey(new Uint8Array(16).fill(8)).id, key.id);
  assert.match(invitationId(key.publicKey), /^[0-9a-hjkmnp-tv-z]{8}$/);
});

test("a root key that was written down makes the same root", () => {
  const { root: made, text } = makeRootKey();
  const read = readRootKey(text.toLowerCase().replaceAll("-", " "));
  assert.equal(read.ok && read.value.id, made.id);
  const digit = text.startsWith("A") ? "B" : "A";
  assert.deepEqual(readRootKey(digit + text.slice(1)), {
    ok: false,
    error: "the root key has a slip in it: type it again",
  });
});

test("a chain from the root lets in whom it is for, and nobody a plain member passes it to", () => {
  const mesh = new Mesh(root.id, crypto);
  assert.deepEqual(
    [mesh.powerOf(a.id, toA), mesh.powerOf(b.id, toB), mesh.powerOf(c.id, toC)],
    ["admin", "admin", "member"],
  );
  assert.equal(mesh.powerOf(b.id, toC), undefined, "somebody else's");
  assert.equal(mesh.powerOf(d.id, pass(toC, c, d, "member")), undefined, "from a plain member");
  assert.equal(mesh.powerOf(d.id, pass(toC, c, d, "admin")), undefined);
  assert.equal(mesh.powerOf(d.id, pass(toB, c, d, "member")), undefined, "a chain that breaks");
  assert.equal(new Mesh(other.id, crypto).powerOf(a.id, toA), undefined, "another mesh");
  assert.equal(mesh.powerOf(a.id, signIn(other, a.id, "admin", crypto)), undefined);
  for (const none of [new Uint8Array(), toA.slice(0, -1), Uint8Array.of(1, 2, 3)]) {
    assert.equal(mesh.powerOf(a.id, none), undefined);
  }
  assert.equal(mesh.tag, Buffer.from(keyOfNodeId(root.id) ?? []).toString("hex", 0, 8));
});

/** A mesh in whose state somebody put a node out. */
function after(issuer: Identity, on: Uint8Array, out: Identity, kept: readonly Uint8Array[]) {
  const links = kept.flatMap((one) => readChain(one, crypto) ?? []);
  const keep = links.filter(({ iss }) => iss === out.id).map(({ cid }) => cid);
  const proofs = readChain(on, crypto) ?? [];
  const token = makeForgetToken({ issuer, mesh: root.id, node: out.id, keep, proofs }, crypto);
  const mesh = new Mesh(root.id, crypto);
  const tokensAgainst = (node: string) => (node === out.id ? [token] : []);
  mesh.follow({ tokensAgainst, credentialsOf: () => [] });
  return mesh;
}

test("who was put out is out, those it had let in stay, and it lets in nobody more", () => {
  const mesh = after(b, toB, a, [toB, toC]);
  assert.equal(mesh.powerOf(a.id, toA), undefined);
  assert.ok(mesh.isOut(a.id) && !mesh.isOut(b.id));
  // The first node's loss is no loss: even who put it out had come in by it.
  assert.deepEqual([mesh.powerOf(b.id, toB), mesh.powerOf(c.id, toC)], ["admin", "member"]);
  assert.equal(mesh.powerOf(d.id, pass(toA, a, d, "member")), undefined, "a thief's friend");
  const unheard = after(b, toB, a, []);
  assert.equal(unheard.powerOf(c.id, toC), undefined, "nobody knew of it");
});

test("only who may puts out", () => {
  for (const [issuer, on] of [
    [c, toC],
    [d, toB],
    [other, signIn(other, a.id, "admin", crypto)],
  ] as const) {
    const mesh = after(issuer, on, a, []);
    assert.equal(mesh.powerOf(a.id, toA), "admin");
  }
});

test("who was replaced is no stranger, and lets nobody in any more", () => {
  const replacing = (issuer: Identity, on: Uint8Array, kept: readonly Uint8Array[]) => {
    const links = kept.flatMap((one) => readChain(one, crypto) ?? []);
    const keep = links.filter(({ iss }) => iss === a.id).map(({ cid }) => cid);
    const proofs = readChain(on, crypto) ?? [];
    const request = { issuer, mesh: root.id, node: a.id, successor: d.id, keep, proofs };
    const token = makeReplaceToken(request, crypto);
    const mesh = new Mesh(root.id, crypto);
    const replacementsOf = (node: string) => (node === a.id ? [token] : []);
    mesh.follow({ tokensAgainst: () => [], replacementsOf, credentialsOf: () => [] });
    return { mesh, token };
  };
  const { mesh, token } = replacing(b, toB, [toB, toC]);
  assert.deepEqual([mesh.replacedBy(token)?.node, mesh.replacedBy(token)?.successor], [a.id, d.id]);
  // What it wrote is still to be let in where a newcomer hears of it, and those it had let in stay.
  assert.equal(mesh.powerOf(a.id, toA), "admin");
  assert.deepEqual([mesh.powerOf(b.id, toB), mesh.powerOf(c.id, toC)], ["admin", "member"]);
  assert.equal(mesh.powerOf(d.id, pass(toA, a, d, "member")), undefined, "by its card, later");
  // Whoever carries the token can't make more of it than it says.
  assert.equal(mesh.forgottenBy(token), undefined);
  const forgetting = { issuer: b, mesh: root.id, node: a.id, keep: [], proofs: [] };
  assert.equal(mesh.replacedBy(makeForgetToken(forgetting, crypto)), undefined);
  for (const [issuer, on] of [
    [c, toC],
    [d, toB],
  ] as const) {
    const byStranger = replacing(issuer, on, []);
    assert.equal(byStranger.mesh.replacedBy(byStranger.token), undefined);
    assert.equal(byStranger.mesh.powerOf(b.id, toB), "admin");
  }
});
