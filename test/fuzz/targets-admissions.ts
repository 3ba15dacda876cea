import { keyOfNodeId } from "../../src/base/id.ts";
import {
  forgottenKey,
  invitationRecord,
  invitationViews,
  inviteKey,
  knockKey,
  knockRecord,
  knocks,
  letInKey,
  letInRecord,
  letIns,
  letInsOf,
  POWERS,
  refusedKey,
  refusedNodes,
} from "../../src/office/admissions.ts";
import {
  encodeReplaces,
  type ReplacementView,
  replacedKey,
  replacementViews,
  replacesKey,
  replacesRecord,
} from "../../src/office/replacements.ts";
import { isKind } from "../../src/reading/kind.ts";
import {
  makeForgetToken,
  makeReplaceToken,
  readForgetToken,
  readReplaceToken,
} from "../../src/trust/forget-token.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { alice, bob, carol } from "../unit/ucan-principals.ts";
import { type FuzzTarget, hold } from "./target.ts";
import { stable } from "./targets-join.ts";
import { heard, ROWS } from "./targets-mesh.ts";
import { UCAN_SAMPLES } from "./targets-ucan.ts";

const crypto = createUcanCrypto();
/** Believes every signature, so that what is behind it is reached. */
const credulous = { ...crypto, verify: () => true };

/** The values of entries about who comes in, and what is made of them under their keys. */
const admissions: FuzzTarget = {
  name: "admissions",
  form: "bytes",
  take: (input) => {
    const decoded = ROWS.said.decode(input);
    if (!decoded.ok || decoded.value.key === "birth") return;
    const { value } = decoded.value;
    if (value !== undefined) {
      stable(invitationRecord, value);
      stable(letInRecord, value);
      stable(knockRecord, value);
      stable(replacesRecord, value);
    }
    const replica = heard(decoded.value);
    for (const { power, key, uses, id } of invitationViews(replica)) {
      hold(POWERS.includes(power) && key.length === 32, `the invitation ${id} is none`);
      hold(Number.isSafeInteger(uses), `the invitation ${id} lets in ${uses}`);
    }
    for (const { node, by, kinds } of replacementViews(replica).map(flat)) {
      hold(keyOfNodeId(node)?.length === 32 && keyOfNodeId(by)?.length === 32, `${node} is nobody`);
      hold(kinds.every(isKind), `${kinds} are none`);
    }
    const made = letIns(replica);
    for (const { node } of made) {
      hold(letInsOf(replica, node).length > 0, "what was made for a node is not found by it");
    }
    const about = [...made, ...knocks(replica)].map(({ node }) => node);
    for (const node of [...about, ...refusedNodes(replica, () => true)]) {
      hold(keyOfNodeId(node)?.length === 32, `${node} is nobody`);
    }
  },
};

/** What puts nodes out: nobody makes one by changing those that others made. */
const forgetTokens: FuzzTarget = {
  name: "forget-token",
  form: "bytes",
  take: (input) => {
    readForgetToken(input, alice.id, credulous)?.keeps(UCAN_SAMPLES.toCarol.cid);
    hold(readForgetToken(input, bob.id, credulous) === undefined, "it counts in another mesh");
    const told = readForgetToken(input, alice.id, crypto);
    hold(told === undefined || told.node === carol.id, "it puts out another");
    const { toBob, toCarol } = UCAN_SAMPLES;
    hold(told?.keeps(toBob.cid) !== true, "it keeps what was not named");
    hold(told?.keeps(toCarol.cid) !== false, "it keeps less than was named");
    const given = readReplaceToken(input, alice.id, crypto);
    hold(given === undefined || given.successor === bob.id, "it gives the place to another");
    hold(given === undefined || told === undefined, "one token does both");
  },
};

const flat = ({ node, by, sensors }: ReplacementView) => ({
  ...{ node, by },
  kinds: sensors.flatMap((one) => one.kinds),
});

const forgetting = {
  mesh: alice.id,
  node: carol.id,
  keep: [UCAN_SAMPLES.toCarol.cid],
};
const said = (key: string, value: Uint8Array) =>
  ROWS.said.encode({ key, value, wallMs: 1_790_000_000_000 });
const key = keyOfNodeId(bob.id) ?? new Uint8Array(32);
const proof = { key, binding: new Uint8Array(32).fill(1), signature: new Uint8Array(64).fill(2) };
const asks = { name: "kitchen-pi", address: "192.0.2.7:7946" };
const delegation = UCAN_SAMPLES.toBob.bytes;
const invitation = {
  ...{ key, delegation, uses: 1, power: 0, name: "the kitchen" },
  ...{ madeWallMs: 1_790_000_000_000, expiresWallMs: 1_790_000_600_000 },
};
const letIn = { credential: delegation, issue: 2, invitation: "0a1b2c3d" };

const byRoot = makeForgetToken({ ...forgetting, issuer: alice, proofs: [] }, crypto);
const byAdmin = makeForgetToken(
  { ...forgetting, issuer: bob, proofs: [UCAN_SAMPLES.toBob] },
  crypto,
);

const replacing = { ...forgetting, successor: bob.id, issuer: alice, proofs: [] };
const replacement = makeReplaceToken(replacing, crypto);
const sensors = [{ name: "box", kinds: ["temperature" as const], everyMs: 60_000 }];
const place = encodeReplaces({ name: "hall-pi", room: "hall", sensors }, "force");

/** Valid samples for the corpus. */
export const ADMISSION_SAMPLES = {
  said: {
    "valid-invitation": said(inviteKey("0a1b2c3d"), invitationRecord.encode(invitation)),
    "valid-let-in": said(letInKey(carol.id), letInRecord.encode(letIn)),
    "valid-knock": said(knockKey(carol.id), knockRecord.encode({ ...asks, proof })),
    "valid-knock-bare": said(knockKey(carol.id), knockRecord.encode({ ...asks, proof: undefined })),
    "valid-refused": said(refusedKey(carol.id), new Uint8Array()),
    "valid-forgotten": said(forgottenKey(carol.id), byAdmin),
    "valid-replaces": said(replacesKey(carol.id), place),
    "valid-replaced": said(replacedKey(carol.id), replacement),
  },
  tokens: {
    "valid-root": byRoot,
    "valid-admin": byAdmin,
    "valid-replacement": replacement,
    empty: "",
  },
};
export const ADMISSION_TARGETS = [admissions, forgetTokens];
