import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { covers } from "./command.ts";
import type { Delegation } from "./delegation.ts";
import type { IpldMap } from "./ipld.ts";
import { allows } from "./policy.ts";

/** More links than an office has ranks. A guess. */
export const CHAIN_MAX = 8;
/** How far two clocks may be apart (UCAN, Time Bounds, wants a buffer for it). */
export const SKEW_S = 60;

const SAYS = {
  "no proofs": "nothing proves that the mesh let the caller do this",
  "chain too long": `it was passed on more than ${CHAIN_MAX} times`,
  "other mesh": "it is not from the root of this mesh",
  broken: "one link of it was not made by whom the link before was made for",
  "not the caller's": "it was made for somebody else",
  "other command": "it is for something else",
  "outside its limits": "it is not for this room or thing",
  revoked: "it was taken back",
  expired: "it has expired",
  "not yet valid": "it is not valid yet",
} as const;

/** Why a chain gives no power. */
export type ChainRefusal = keyof typeof SAYS;

/** What is wrong, after "refused: ". */
export function refusalText(refusal: ChainRefusal): string {
  return SAYS[refusal];
}

/** A link by its id and its issuer. */
export type Issued = Pick<Delegation, "cid" | "iss">;

export interface ChainQuestion {
  /** Whose power it is: the mesh's root. */
  readonly subject: NodeId;
  /** Who wants to use it. */
  readonly audience: NodeId;
  readonly command: string;
  readonly args?: IpldMap;
  /** From the root's own delegation to the one for the audience. */
  readonly proofs: readonly Delegation[];
  /** Whether a link was taken back, or whoever issued it was put out. */
  readonly isRevoked: (link: Issued) => boolean;
  /**
   * Unix seconds; `"timeless"` looks at no time, for what every replica must judge the same
   * from replicated data alone.
   */
  readonly now: number | "timeless";
}

/** Whether delegations lead from the subject to the audience, for a command and its arguments. */
export function checkChain(question: ChainQuestion): Result<void, ChainRefusal> {
  const { subject, audience, command, args = {}, proofs, isRevoked, now } = question;
  // The subject needs nobody's leave.
  if (proofs.length === 0) return audience === subject ? ok(undefined) : err("no proofs");
  const holder = holderOf(subject, proofs);
  if (!holder.ok) return holder;
  for (const link of proofs) {
    if (!covers(link.cmd, command)) return err("other command");
    if (!allows(link.pol, args)) return err("outside its limits");
    if (isRevoked(link)) return err("revoked");
    const late = timeRefusal(link, now);
    if (late !== undefined) return err(late);
  }
  return holder.value === audience ? ok(undefined) : err("not the caller's");
}

/** Whom the last link is for, where each was made by the one that the link before is for. */
export function holderOf(
  subject: NodeId,
  chain: readonly Delegation[],
): Result<NodeId, ChainRefusal> {
  if (chain.length > CHAIN_MAX) return err("chain too long");
  // A first link without a subject would pass on power that its issuer may not have.
  if (chain[0]?.sub !== subject) return err("other mesh");
  let holder = subject;
  for (const link of chain) {
    if (link.iss !== holder) return err(holder === subject ? "other mesh" : "broken");
    if (link.sub !== subject && link.sub !== null) return err("broken");
    holder = link.aud;
  }
  return ok(holder);
}

/** Whether a time is outside what a token says, clocks that differ a little forgiven. */
export function timeRefusal(
  { exp, nbf }: Pick<Delegation, "exp" | "nbf">,
  now: number | "timeless",
): "expired" | "not yet valid" | undefined {
  if (now === "timeless") return undefined;
  if (exp !== null && now > exp + SKEW_S) return "expired";
  return nbf !== undefined && now < nbf - SKEW_S ? "not yet valid" : undefined;
}

/** The delegations that lead to an audience, the first one's first; the rest is left out. */
export function chainTo(audience: NodeId, all: readonly Delegation[]): readonly Delegation[] {
  const chain: Delegation[] = [];
  let holder = audience;
  while (chain.length < CHAIN_MAX) {
    const link = all.find(({ aud }) => aud === holder);
    if (link === undefined || chain.includes(link)) return chain;
    chain.unshift(link);
    holder = link.iss;
  }
  return chain;
}
