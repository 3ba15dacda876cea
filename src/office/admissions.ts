import { fromHex, toHex } from "../base/bytes.ts";
import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { bytes, nested, optional, record, text, uint } from "../base/tlv.ts";
import { CREDENTIAL_BYTES_MAX } from "../replica/birth.ts";
import type { Replica } from "../replica/replica.ts";

/**
 * Who may come into the mesh and who has to go, as nodes write it.
 *
 * | key | says |
 * |---|---|
 * | `invite/ID` | an invitation, without its secret |
 * | `let-in/KEY` | the credential made for a node, and by which invitation |
 * | `knock/KEY` | a node that is no member asks to be one |
 * | `refused/KEY` | that somebody was asked and said no |
 * | `forgotten/KEY` | that a node was put out for good: a token that proves it |
 */
const INVITE = "invite/";
const LET_IN = "let-in/";
const KNOCK = "knock/";
const REFUSED = "refused/";
const FORGOTTEN = "forgotten/";

export const POWERS = ["member", "admin"] as const;
/** A member is in the mesh; an admin may also let others in and put them out. */
export type Power = (typeof POWERS)[number];

/** Why a knock was refused; over the wire goes the place in this list. */
export const KNOCK_REFUSALS = [
  "unknown-invitation",
  "expired",
  "used-up",
  "revoked",
  "said-no",
  "forgotten",
  "bad-proof",
  "busy",
] as const;
export type KnockRefusal = (typeof KNOCK_REFUSALS)[number];

const NAME_BYTES_MAX = 64;
const ADDRESS_BYTES_MAX = 262;
export const DELEGATION_BYTES_MAX = 1024;
const ID_BYTES_MAX = 16;

export const invitationRecord = record({
  /** The public half of the key that the code's secret makes. */
  key: bytes(1, 32, 32),
  uses: uint(2, 1_000_000),
  madeWallMs: uint(3),
  expiresWallMs: uint(4),
  power: uint(5, POWERS.length - 1),
  /** Its maker's UCAN delegation to that key. */
  delegation: bytes(6, DELEGATION_BYTES_MAX),
  /** For whom it is, where its maker said so. */
  name: optional(text(7, NAME_BYTES_MAX)),
});

export const letInRecord = record({
  credential: bytes(1, CREDENTIAL_BYTES_MAX),
  /** Counts the credentials made for one node: the highest holds. */
  issue: uint(2),
  invitation: optional(text(3, ID_BYTES_MAX)),
});

/** A proof that a node holds an invitation's secret. */
export const proofRecord = record({
  key: bytes(1, 32, 32),
  /** What ties it to one connection (RFC 9266). */
  binding: bytes(2, 32, 32),
  signature: bytes(3, 64, 64),
});

export const knockRecord = record({
  name: text(1, NAME_BYTES_MAX),
  address: text(2, ADDRESS_BYTES_MAX),
  proof: optional(nested(3, proofRecord)),
});

export type Proof = Parameters<typeof proofRecord.encode>[0];

export interface InvitationView {
  readonly id: string;
  readonly key: Uint8Array;
  readonly power: Power;
  readonly uses: number;
  /** Nodes that came in by it: more than `uses` where two were let in on both sides of a cut. */
  readonly used: number;
  readonly madeWallMs: Millis;
  readonly expiresWallMs: Millis;
  readonly by: NodeId;
  readonly name: string | undefined;
  readonly delegation: Uint8Array;
}

export interface LetIn {
  readonly node: NodeId;
  readonly by: NodeId;
  readonly credential: Uint8Array;
  readonly issue: number;
  readonly invitation?: string | undefined;
}

export interface Knock {
  readonly node: NodeId;
  readonly at: NodeId;
  readonly name: string;
  readonly address: string;
  readonly proof?: Proof | undefined;
  readonly heardMs: Millis;
}

export const inviteKey = (id: string) => INVITE + id;
export const letInKey = (node: NodeId) => LET_IN + hexOf(node);
export const knockKey = (node: NodeId) => KNOCK + hexOf(node);
export const refusedKey = (node: NodeId) => REFUSED + hexOf(node);
export const forgottenKey = (node: NodeId) => FORGOTTEN + hexOf(node);

/** The node that a key of this kind is about; undefined for other keys. */
export const parseLetInKey = (key: string) => nodeOf(LET_IN, key);
export const parseKnockKey = (key: string) => nodeOf(KNOCK, key);
export const parseRefusedKey = (key: string) => nodeOf(REFUSED, key);
export const parseForgottenKey = (key: string) => nodeOf(FORGOTTEN, key);

export function isAdmissionKey(key: string): boolean {
  return [INVITE, LET_IN, KNOCK, REFUSED, FORGOTTEN].some((one) => key.startsWith(one));
}

/** Whether a key's entry outlasts its writer's own retirement: what was taken back stays so. */
export function outlasts(key: string): boolean {
  return [FORGOTTEN, "revoked/", "replaced/"].some((one) => key.startsWith(one));
}

/** Every invitation, the newest first. */
export function invitationViews(replica: Replica): readonly InvitationView[] {
  const users = new Map<string, Set<NodeId>>();
  for (const { node, invitation } of letIns(replica)) {
    if (invitation === undefined) continue;
    users.set(invitation, (users.get(invitation) ?? new Set()).add(node));
  }
  const found: InvitationView[] = [];
  for (const { entry } of replica.live()) {
    if (!entry.key.startsWith(INVITE) || entry.value === undefined) continue;
    const decoded = invitationRecord.decode(entry.value);
    if (!decoded.ok) continue;
    const id = entry.key.slice(INVITE.length);
    const { power, name, ...said } = decoded.value;
    found.push({
      ...said,
      id,
      name,
      power: POWERS[power] ?? "member",
      used: users.get(id)?.size ?? 0,
      by: entry.origin,
    });
  }
  return found.sort((left, right) => right.madeWallMs - left.madeWallMs);
}

/** Every credential that was made for some node. */
export function letIns(replica: Replica): readonly LetIn[] {
  return said(replica, LET_IN).flatMap(({ node, entry }) => {
    const decoded = entry.value && letInRecord.decode(entry.value);
    return decoded?.ok ? [{ node, by: entry.origin, ...decoded.value }] : [];
  });
}

/** What was made for one node, the newest first. */
export function letInsOf(replica: Replica, node: NodeId): readonly LetIn[] {
  const key = letInKey(node);
  const found: LetIn[] = [];
  for (const { origin } of replica.origins()) {
    const value = replica.get(origin, key)?.entry.value;
    const decoded = value && letInRecord.decode(value);
    if (decoded?.ok) found.push({ node, by: origin, ...decoded.value });
  }
  return found.sort((left, right) => right.issue - left.issue);
}

/** Everybody who asks to be let in, at whichever node. */
export function knocks(replica: Replica): readonly Knock[] {
  return said(replica, KNOCK).flatMap(({ node, entry, heardMs }) => {
    const decoded = entry.value && knockRecord.decode(entry.value);
    return decoded?.ok ? [{ node, at: entry.origin, heardMs, ...decoded.value }] : [];
  });
}

/** Who was refused lately, by those whose word counts. */
export function refusedNodes(
  replica: Replica,
  counts: (by: NodeId) => boolean,
): ReadonlySet<NodeId> {
  const found = said(replica, REFUSED).filter(({ entry }) => counts(entry.origin));
  return new Set(found.map(({ node }) => node));
}

function said(replica: Replica, prefix: string) {
  return [...replica.live()].flatMap(({ entry, heardMs }) => {
    const node = nodeOf(prefix, entry.key);
    return node === undefined ? [] : [{ node, entry, heardMs }];
  });
}

/** A node's key as the end of an entry's key. */
export function hexOf(node: NodeId): string {
  return toHex(keyOfNodeId(node) ?? new Uint8Array());
}

/** The node whose key follows a prefix. */
export function nodeOf(prefix: string, key: string): NodeId | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const bytes = fromHex(key.slice(prefix.length));
  return bytes?.length === 32 ? nodeIdOfKey(bytes) : undefined;
}
