import { Doorkeeper } from "../../src/api/doorkeeper.ts";
import { signRequest } from "../../src/api/signed-request.ts";
import { equalBytes } from "../../src/base/bytes.ts";
import { ManualClock } from "../../src/base/time.ts";
import { createRevocationJudge, revocationValue } from "../../src/trust/revocations.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { fromContainerBytes, fromContainerText } from "../../src/ucan/container.ts";
import { decodeDagCbor } from "../../src/ucan/dag-cbor-decode.ts";
import { encodeDagCbor } from "../../src/ucan/dag-cbor-encode.ts";
import { decodeDelegation, delegate } from "../../src/ucan/delegation.ts";
import { decodeInvocation } from "../../src/ucan/invocation.ts";
import { alice, bob, carol } from "../unit/ucan-principals.ts";
import { type FuzzTarget, hold } from "./target.ts";

const crypto = createUcanCrypto();
/** Believes every signature, so that what is behind it is reached. */
const credulous = { ...crypto, verify: () => true };
const NOW_MS = Date.UTC(2026, 10, 21);
const NOW_S = NOW_MS / 1_000;
const NONCE = new Uint8Array(12).fill(5);

const toBob = delegate(
  {
    issuer: alice,
    audience: bob.id,
    subject: alice.id,
    command: "/",
    expiration: null,
    nonce: NONCE,
  },
  crypto,
);
const toCarol = delegate(
  {
    issuer: bob,
    audience: carol.id,
    subject: alice.id,
    command: "/target/set",
    policy: [["==", ".room", "kitchen"]],
    expiration: NOW_S + 3_600,
    nonce: NONCE,
  },
  crypto,
);
const REQUEST = { method: "PUT", target: "/v1/targets/kitchen/temperature" } as const;
const TOKEN =
  signRequest(
    { signer: carol, chain: [toBob, toCarol] },
    { ...REQUEST, node: bob.id, body: new Uint8Array(), nowS: NOW_S, nonce: NONCE },
    crypto,
  ) ?? "";
const REVOCATION = revocationValue(
  { revoker: bob, subject: alice.id, cid: toCarol.cid, path: [toBob, toCarol], proofs: [toBob] },
  crypto,
);

const cbor: FuzzTarget = {
  name: "dag-cbor",
  form: "bytes",
  take: (input) => {
    const decoded = decodeDagCbor(input);
    if (decoded.ok) hold(equalBytes(encodeDagCbor(decoded.value), input), "two encodings of one");
  },
};

const tokens: FuzzTarget = {
  name: "ucan-token",
  form: "bytes",
  take: (input) => {
    for (const decode of [decodeDelegation, decodeInvocation]) {
      const decoded = decode(input, credulous);
      if (decoded.ok) hold(equalBytes(decoded.value.bytes, input), "its bytes are not kept");
    }
  },
};

const containers: FuzzTarget = {
  name: "ucan-container",
  form: "bytes",
  take: (input) => {
    fromContainerBytes(input);
    fromContainerText(Buffer.from(input).toString("latin1"));
  },
};

/** A bearer token, once with the signatures looked at and once believed. */
const bearer: FuzzTarget = {
  name: "ucan-request",
  form: "text",
  words: [TOKEN.slice(0, 20), "C", "-", "_", "="],
  take: (input) => {
    const token = Buffer.from(input).toString("latin1");
    for (const judgedBy of [crypto, credulous]) {
      const clock = new ManualClock(NOW_MS);
      const isRevoked = () => false;
      const parts = { mesh: alice.id, self: bob.id, crypto: judgedBy, isRevoked, clock };
      const judged = new Doorkeeper(parts).judge(token, { ...REQUEST, access: "write" });
      if (!judged.ok) hold(judged.error.detail !== "", "refused without a reason");
      else hold(judged.value.command === "/target/set", "it opens another door");
    }
  },
};

const revocations: FuzzTarget = {
  name: "revocation",
  form: "bytes",
  take: (input) => {
    createRevocationJudge(alice.id, credulous)(toCarol.cid, input);
    const takesBack = createRevocationJudge(alice.id, crypto);
    hold(!takesBack(toBob.cid, input), "a revocation of one takes back another");
  },
};

/** Valid samples for the corpus. */
export const UCAN_SAMPLES = { toBob, toCarol, token: TOKEN, revocation: REVOCATION };
export const UCAN_TARGETS = [cbor, tokens, containers, bearer, revocations];
