import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import {
  type ChainQuestion,
  type ChainRefusal,
  checkChain,
  type Issued,
  refusalText,
  SKEW_S,
} from "../ucan/chain.ts";
import { fromContainerText } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { UcanCrypto } from "../ucan/envelope.ts";
import { decodeInvocation, type Invocation } from "../ucan/invocation.ts";
import { equalIpld } from "../ucan/ipld.ts";
import { type Guard, READ_GUARD, writeGuardOf } from "./commands.ts";
import { SeenInvocations } from "./seen-invocations.ts";
import { requestArgs } from "./signed-request.ts";

/** The longest that an invocation may be good for: what it takes to remember all that were used. */
export const LIFE_S_MAX = 300;
/** An invocation could be used so long after it came, by clocks that differ. */
const REMEMBERED_MS = (LIFE_S_MAX + 2 * SKEW_S) * SECOND_MS;
/** 2025-01-01: a clock before it was never set, as that of a Pi without a battery after a start. */
export const CLOCK_SET_S = 1_735_689_600;
/**
 * How far off somebody may read this node's clock, whose `Date` header has whole seconds, up to a
 * second old. Less than it takes to end and to start again.
 */
const READ_S_MAX = 2;
const HASH_BYTES = 32;

export interface DoorkeeperParts {
  /** The mesh's root, in whose name everything is allowed. */
  readonly mesh: NodeId;
  readonly self: NodeId;
  readonly crypto: UcanCrypto;
  readonly isRevoked: (link: Issued) => boolean;
  readonly clock: Clock;
}

/** A request as far as a token is for it. */
export interface AskedOfDoor {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly access: "read" | "write";
}

/** Why a token opens nothing: 401 where another would do, 403 where this one never does. */
export interface BearerRefusal {
  readonly status: 401 | 403 | 503;
  readonly detail: string;
}

/** What a token allows. */
export interface Permit {
  readonly command: string;
  /** SHA-256 of the body that it is for. */
  readonly bodyHash: Uint8Array;
  /** Whether it would still be given, for what lasts longer than an answer. */
  stillHolds(): boolean;
  /** Takes the use back: the token came with something that it is not for. */
  unused(): void;
}

/** Judges bearer tokens from their own bytes and this node's state; asks nobody. */
export class Doorkeeper {
  private readonly seen = new SeenInvocations();
  private readonly startedMs: number;

  constructor(private readonly parts: DoorkeeperParts) {
    this.startedMs = parts.clock.monotonicMs();
  }

  /** Whether a token is for this request, at this node, now, and was not used before. */
  judge(token: string, { method, target, access }: AskedOfDoor): Result<Permit, BearerRefusal> {
    const guard = access === "write" ? writeGuardOf(method, target) : READ_GUARD;
    if (guard === undefined) {
      return refused(403, "this can be done from the node's own machine only");
    }
    const opened = open(token, this.parts.crypto);
    if (!opened.ok) return refused(401, `the capability can't be read: ${opened.error}`);
    const { invocation, links } = opened.value;
    const misfit = this.misfit(invocation) ?? notForThis(invocation, guard, method, target);
    if (misfit !== undefined) return err(misfit);
    const { mesh, isRevoked, clock } = this.parts;
    const { iss, cmd: command, args } = invocation;
    const proofs = invocation.prf.flatMap((cid) => links.get(cid) ?? []);
    if (proofs.length < invocation.prf.length) return refused(401, "a proof is missing");
    const question = { subject: mesh, audience: iss, command, args, proofs, isRevoked };
    // A stolen node's own key signs with power that was never taken back by itself.
    if (isRevoked({ cid: invocation.cid, iss })) {
      return refused(403, "whoever signed it was put out of the mesh");
    }
    const chain = this.checked(question);
    if (chain !== undefined) return err(chain);
    const nowMs = clock.monotonicMs();
    const use = this.seen.add(invocation.cid, nowMs + REMEMBERED_MS, nowMs);
    if (use === "seen") return refused(401, "the request was made before: sign it anew");
    if (use === "full") return refused(503, "too many signed requests: try again in a minute");
    return ok({
      command,
      bodyHash: args.body instanceof Uint8Array ? args.body : new Uint8Array(),
      stillHolds: () => this.checked(question) === undefined,
      unused: () => this.seen.delete(invocation.cid),
    });
  }

  /** What is wrong with when and for whom it was made. */
  private misfit({ sub, aud, exp, iat }: Invocation): BearerRefusal | undefined {
    const { mesh, self, clock } = this.parts;
    if (sub !== mesh) return says(403, "the capability is for another mesh");
    if (aud !== self) return says(401, "the request was signed for another node");
    const nowS = this.nowS();
    if (exp === null || iat === undefined) {
      return says(401, "sign the request with a time of issue and an end");
    }
    if (nowS > exp + SKEW_S) return says(401, "the signed request has expired: sign it anew");
    if (iat > nowS + SKEW_S || exp > nowS + SKEW_S + LIFE_S_MAX) {
      return says(401, "the request was signed for the future: go by this node's Date");
    }
    // What was used before this process began is not remembered any more.
    const upMs = clock.monotonicMs() - this.startedMs;
    if (iat < Math.floor((clock.wallMs() - upMs) / SECOND_MS) - READ_S_MAX) {
      return says(401, "the request was signed before this node's start: sign it anew");
    }
    return undefined;
  }

  private checked(question: Omit<ChainQuestion, "now">): BearerRefusal | undefined {
    const now = this.nowS();
    if (now < CLOCK_SET_S && question.proofs.some(({ exp }) => exp !== null)) {
      return says(
        403,
        "this node's clock is not set, so it can't tell whether the grant has expired: " +
          "try another node, or later",
      );
    }
    const checked = checkChain({ ...question, now });
    if (checked.ok) return undefined;
    return says(
      STATUS[checked.error],
      `the capability gives no leave: ${refusalText(checked.error)}`,
    );
  }

  private nowS(): number {
    return Math.floor(this.parts.clock.wallMs() / SECOND_MS);
  }
}

const STATUS: Readonly<Record<ChainRefusal, 401 | 403>> = {
  "no proofs": 401,
  "chain too long": 401,
  "other mesh": 401,
  broken: 401,
  "not the caller's": 401,
  revoked: 401,
  expired: 401,
  "not yet valid": 401,
  "other command": 403,
  "outside its limits": 403,
};

function says(status: BearerRefusal["status"], detail: string): BearerRefusal {
  return { status, detail };
}

function refused(status: BearerRefusal["status"], detail: string): Result<never, BearerRefusal> {
  return err(says(status, detail));
}

function notForThis(
  { cmd, args }: Invocation,
  { commands, limits }: Guard,
  method: string,
  target: string,
): BearerRefusal | undefined {
  if (!commands.includes(cmd)) return says(403, `the request was signed for ${cmd}, not for this`);
  const { body } = args;
  const isHash = body instanceof Uint8Array && body.length === HASH_BYTES;
  if (isHash && equalIpld(args, requestArgs({ method, target }, body, limits))) return undefined;
  return says(401, "the request is not the one that was signed");
}

interface Opened {
  readonly invocation: Invocation;
  readonly links: ReadonlyMap<string, Delegation>;
}

function open(token: string, crypto: UcanCrypto): Result<Opened> {
  const tokens = fromContainerText(token);
  if (!tokens.ok) return tokens;
  const links = new Map<string, Delegation>();
  let invocation: Invocation | undefined;
  for (const bytes of tokens.value) {
    const link = decodeDelegation(bytes, crypto);
    if (link.ok) {
      links.set(link.value.cid, link.value);
      continue;
    }
    const read = decodeInvocation(bytes, crypto);
    if (!read.ok) return read;
    if (invocation !== undefined) return err("it holds two invocations");
    invocation = read.value;
  }
  if (invocation === undefined) return err("it holds no invocation: a delegation alone is none");
  return ok({ invocation, links });
}
