import assert from "node:assert/strict";
import test from "node:test";
import type { NodeId } from "../../src/base/id.ts";
import {
  createRevocationJudge,
  isRevokedIn,
  parseRevokedKey,
  revocationValue,
  revokedKey,
} from "../../src/trust/revocations.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { CHAIN_MAX, type ChainQuestion, chainTo, checkChain } from "../../src/ucan/chain.ts";
import { covers, isCommand } from "../../src/ucan/command.ts";
import { type Delegation, type DelegationRequest, delegate } from "../../src/ucan/delegation.ts";
import { alice, bob, carol, identityOfSeed } from "./ucan-principals.ts";

const crypto = createUcanCrypto();
const root = identityOfSeed("11".repeat(32));
const stranger = identityOfSeed("22".repeat(32));
const NOW = 1_800_000_000;
let nonces = 0;

function link(
  issuer: DelegationRequest["issuer"],
  audience: NodeId,
  more: Partial<DelegationRequest> = {},
): Delegation {
  nonces += 1;
  return delegate(
    {
      issuer,
      audience,
      subject: root.id,
      command: "/",
      expiration: null,
      nonce: Uint8Array.of(nonces),
      ...more,
    },
    crypto,
  );
}

const toNode = link(root, alice.id);
const toGuest = link(alice, bob.id, {
  command: "/target",
  policy: [["==", ".room", "kitchen"]],
  expiration: NOW,
  notBefore: NOW - 100,
});

function refusal(changed: Partial<ChainQuestion> = {}): string | undefined {
  const checked = checkChain({
    subject: root.id,
    audience: bob.id,
    command: "/target/set",
    args: { room: "kitchen" },
    proofs: [toNode, toGuest],
    isRevoked: () => false,
    now: NOW,
    ...changed,
  });
  return checked.ok ? undefined : checked.error;
}

test("a chain gives what all of its links give, and no more", () => {
  assert.equal(refusal(), undefined);
  assert.equal(refusal({ command: "/target" }), undefined);
  assert.equal(refusal({ command: "/targets" }), "other command");
  assert.equal(refusal({ command: "/" }), "other command");
  assert.equal(refusal({ args: { room: "lab" } }), "outside its limits");
  assert.equal(refusal({ args: {} }), "outside its limits");
  assert.equal(refusal({ audience: carol.id }), "not the caller's");
  assert.equal(refusal({ subject: stranger.id }), "other mesh");
  assert.equal(refusal({ proofs: [] }), "no proofs");
  assert.equal(refusal({ proofs: [toGuest] }), "other mesh");
  assert.equal(refusal({ proofs: [toGuest, toNode] }), "other mesh");
  const ownerless = link(root, alice.id, { subject: null });
  assert.equal(refusal({ proofs: [ownerless, toGuest] }), "other mesh");
  const back = link(bob, bob.id);
  const long = [toNode, toGuest, ...Array.from({ length: CHAIN_MAX - 1 }, () => back)];
  assert.equal(refusal({ proofs: long }), "chain too long");
  assert.equal(refusal({ proofs: long.slice(0, CHAIN_MAX) }), undefined);
  // Passed on wider than it was got: still only what the link before gave.
  const wide = link(bob, carol.id, { command: "/" });
  const passedOn = { proofs: [toNode, toGuest, wide], audience: carol.id };
  assert.equal(refusal(passedOn), undefined);
  assert.equal(refusal({ ...passedOn, command: "/people/read" }), "other command");
});

test("times are looked at with a minute's grace, or not at all", () => {
  assert.equal(refusal({ now: NOW + 60 }), undefined);
  assert.equal(refusal({ now: NOW + 61 }), "expired");
  assert.equal(refusal({ now: NOW - 160 }), undefined);
  assert.equal(refusal({ now: NOW - 161 }), "not yet valid");
  assert.equal(refusal({ now: "timeless" }), undefined);
});

test("any link that was taken back breaks the chain", () => {
  for (const { cid } of [toNode, toGuest]) {
    assert.equal(refusal({ isRevoked: (asked) => asked.cid === cid }), "revoked");
  }
});

test("the links that lead somewhere are found in any order", () => {
  const unrelated = link(carol, stranger.id);
  assert.deepEqual(chainTo(bob.id, [unrelated, toGuest, toNode]), [toNode, toGuest]);
  assert.deepEqual(chainTo(carol.id, [toGuest, toNode]), []);
});

test("commands cover by whole segments", () => {
  assert.ok(covers("/", "/a/b") && covers("/a", "/a/b") && covers("/a/b", "/a/b"));
  assert.ok(!covers("/a", "/ab") && !covers("/a/b", "/a"));
  for (const text of ["/", "/a", "/a/b-c/d_1"]) assert.ok(isCommand(text), text);
  for (const text of ["", "a", "/a/", "//", "/A", "/a b", `/${"a".repeat(200)}`]) {
    assert.ok(!isCommand(text), text);
  }
});

test("a revocation counts where its signer gave a link, or may revoke", () => {
  const judge = createRevocationJudge(root.id, crypto);
  const revoke = (
    revoker: typeof root,
    path: readonly Delegation[],
    proofs: readonly Delegation[],
    cid = toGuest.cid,
  ) => revocationValue({ revoker, subject: root.id, cid, path, proofs }, crypto);
  const path = [toNode, toGuest];
  assert.ok(judge(toGuest.cid, revoke(root, [], [])), "the root");
  assert.ok(judge(toGuest.cid, revoke(alice, path, [])), "who issued it");
  assert.ok(judge(toGuest.cid, revoke(root, path, [])), "who issued a link before it");
  const admin = link(root, carol.id);
  assert.ok(judge(toGuest.cid, revoke(carol, [], [admin])), "an admin, whatever it is");
  assert.ok(!judge(toGuest.cid, revoke(bob, path, [])), "whom it is for");
  assert.ok(!judge(toGuest.cid, revoke(stranger, path, [])), "a stranger");
  assert.ok(!judge(toGuest.cid, revoke(stranger, [], [admin])), "with another's proofs");
  assert.ok(!judge(toGuest.cid, revoke(bob, [], path)), "whose power is something else");
  const another = [toNode, link(alice, carol.id)];
  assert.ok(!judge(toGuest.cid, revoke(alice, another, [])), "with a path to another");
  assert.ok(!judge(toNode.cid, revoke(alice, path, [])), "of something else");
  const value = revoke(alice, path, []);
  const cut = value.slice(0, -1);
  assert.ok(!judge(toGuest.cid, cut) && !judge(toGuest.cid, new Uint8Array()), "damaged");
  assert.ok(!createRevocationJudge(stranger.id, crypto)(toGuest.cid, value), "in another mesh");

  const origins = [alice.id, bob.id].map((origin) => ({ origin }));
  const holding = (key: string) => ({
    origins: () => origins,
    get: (origin: NodeId, asked: string) =>
      origin === bob.id && asked === key ? { entry: { value } } : undefined,
  });
  const within = holding(revokedKey(toGuest.cid)) as unknown as Parameters<typeof isRevokedIn>[0];
  assert.ok(isRevokedIn(within, toGuest.cid, judge), "whoever carries it");
  assert.ok(!isRevokedIn(within, toNode.cid, judge));
  assert.equal(parseRevokedKey(revokedKey(toGuest.cid)), toGuest.cid);
  assert.equal(parseRevokedKey("revoked/x"), undefined);
});
