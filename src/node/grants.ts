import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import { grantKey, grantRecord, parseGrantKey } from "../office/grants.ts";
import type { Replica } from "../replica/replica.ts";
import { chainTo, holderOf, type Issued } from "../ucan/chain.ts";
import { covers } from "../ucan/command.ts";
import { containerBytes, containerText, fromContainerBytes } from "../ucan/container.ts";
import { type Delegation, decodeDelegation, delegate } from "../ucan/delegation.ts";
import type { Signer, UcanCrypto } from "../ucan/envelope.ts";
import type { Policy } from "../ucan/policy.ts";
import type { Node } from "./node.ts";
import type { GrantRefusal, GrantRequest, GrantSide, GrantView } from "./read-side.ts";
import { notWritten } from "./targets.ts";

/** Long enough that nobody guesses one, as the specification recommends. */
const NONCE_BYTES = 12;
/** An expired grant of ours is dropped so much later, when no clock can still be before its end. */
const KEPT_EXPIRED_S = 24 * 3_600;
/** The end of an id by which people may name a grant. */
const SHORT_ID_CHARS_MIN = 8;

/** How tokens are taken back; their judging belongs to another folder. */
export interface Revoking {
  isRevoked(link: Issued): boolean;
  /** The entry that takes a token back; `path` leads from the root to it, where it is known. */
  entry(cid: string, path: readonly Delegation[]): { key: string; value: Uint8Array };
}

export interface GrantsParts {
  readonly signer: Signer;
  /** The mesh's root. */
  readonly mesh: NodeId;
  /** From the root to this node: what it may pass on. */
  readonly authority: () => readonly Delegation[];
  readonly crypto: UcanCrypto;
  readonly randomBytes: (length: number) => Uint8Array;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly revoking: Revoking;
  /** Unix seconds before which a clock was never set. */
  readonly clockSetS: number;
}

/** A grant as some node wrote it down. */
interface Written {
  readonly chain: readonly Delegation[];
  readonly end: Delegation;
  readonly name: string | undefined;
}

/** Grants: made by this node, listed and taken back on any. */
export class Grants implements GrantSide {
  private readonly read = new WeakMap<Uint8Array, Written | "none">();

  constructor(private readonly parts: GrantsParts) {}

  list(): readonly GrantView[] {
    return [...this.written().values()].map(viewOf).sort((left, right) => compare(left, right));
  }

  tokens(idOrKey: string): string | undefined {
    const all = this.written();
    const found = all.get(idOrKey) ?? [...all.values()].find(({ end: { aud } }) => aud === idOrKey);
    return found && containerText(found.chain);
  }

  make(request: GrantRequest): Result<{ grant: GrantView; tokens: string }, GrantRefusal> {
    const { signer, mesh, crypto, randomBytes, node, clock, clockSetS } = this.parts;
    const authority = this.parts.authority();
    if (!this.mayPassOn(authority, request.command)) return err(MAY_NOT);
    const nowS = Math.floor(clock.wallMs() / SECOND_MS);
    const { command, room, name, key, lastsS } = request;
    if (lastsS !== undefined && nowS < clockSetS) return err(NO_TIME);
    const policy: Policy = room === undefined ? [] : [["==", ".room", room]];
    const end = delegate(
      {
        issuer: signer,
        audience: key,
        subject: mesh,
        command,
        policy,
        expiration: lastsS === undefined ? null : nowS + lastsS,
        nonce: randomBytes(NONCE_BYTES),
      },
      crypto,
    );
    const chain = [...authority, end];
    const value = grantRecord.encode({ tokens: containerBytes(chain), name });
    node.settleLives();
    const written = node.write(grantKey(end.cid), value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    this.tidy(nowS);
    return ok({ grant: viewOf({ chain, end, name }), tokens: containerText(chain) });
  }

  revoke(id: string): Result<void, GrantRefusal> {
    const { signer, node, revoking } = this.parts;
    const all = [...this.written()];
    const named = all.filter(
      ([cid]) => cid === id || (id.length >= SHORT_ID_CHARS_MIN && cid.endsWith(id)),
    );
    const [first, second] = named;
    if (first === undefined) return err({ status: 404, detail: "no grant has that id" });
    if (second !== undefined) return err({ status: 409, detail: "several grants end so" });
    const [cid, { chain }] = first;
    const isOnPath = chain.some(({ iss }) => iss === signer.id);
    if (!isOnPath && !this.mayPassOn(this.parts.authority(), "/ucan/revoke")) return err(MAY_NOT);
    const { key, value } = revoking.entry(cid, isOnPath ? chain : []);
    node.settleLives();
    const written = node.write(key, value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    this.tidy(Math.floor(this.parts.clock.wallMs() / SECOND_MS));
    return ok(undefined);
  }

  private mayPassOn(authority: readonly Delegation[], command: string): boolean {
    const { mesh, signer, revoking } = this.parts;
    const holder = holderOf(mesh, authority);
    if (!holder.ok || holder.value !== signer.id) return false;
    return authority.every((link) => covers(link.cmd, command) && !revoking.isRevoked(link));
  }

  /** Every grant that stands, whoever wrote it down. */
  private written(): ReadonlyMap<string, Written> {
    const { replica, clock, revoking } = this.parts;
    const nowS = clock.wallMs() / SECOND_MS;
    const found = new Map<string, Written>();
    for (const { entry } of replica.live()) {
      const cid = parseGrantKey(entry.key);
      if (cid === undefined || entry.value === undefined) continue;
      const written = this.readOnce(entry.value);
      if (written === undefined || written.end.cid !== cid) continue;
      if (written.end.exp !== null && written.end.exp < nowS) continue;
      if (written.chain.some((link) => revoking.isRevoked(link))) continue;
      found.set(cid, written);
    }
    return found;
  }

  private readOnce(value: Uint8Array): Written | undefined {
    const known = this.read.get(value) ?? this.decode(value) ?? "none";
    this.read.set(value, known);
    return known === "none" ? undefined : known;
  }

  private decode(value: Uint8Array): Written | undefined {
    const { crypto, mesh } = this.parts;
    const decoded = grantRecord.decode(value);
    const tokens = decoded.ok ? fromContainerBytes(decoded.value.tokens) : decoded;
    if (!decoded.ok || !tokens.ok) return undefined;
    const links = tokens.value.flatMap((bytes) => {
      const link = decodeDelegation(bytes, crypto);
      return link.ok ? [link.value] : [];
    });
    const end = links.find(({ aud }) => !links.some(({ iss }) => iss === aud));
    const chain = end === undefined ? [] : chainTo(end.aud, links);
    if (end === undefined || !holderOf(mesh, chain).ok) return undefined;
    return { chain, end, name: decoded.value.name };
  }

  /** Drops what this node wrote down and nobody can use any more. */
  private tidy(nowS: number): void {
    const { replica, node, signer, revoking } = this.parts;
    for (const [key, { entry }] of replica.state(signer.id)?.held ?? []) {
      const cid = parseGrantKey(key);
      const written = cid === undefined || !entry.value ? undefined : this.readOnce(entry.value);
      if (written === undefined) continue;
      const { exp } = written.end;
      const isPast = exp !== null && exp + KEPT_EXPIRED_S < nowS;
      if (isPast || revoking.isRevoked(written.end)) node.write(key, undefined, "batched");
    }
  }
}

const MAY_NOT: GrantRefusal = {
  status: 403,
  detail: "this node was let in and no more: ask the node where the mesh began",
};
const NO_TIME: GrantRefusal = {
  status: 503,
  detail: "this node's clock is not set: try later, or make one that does not expire",
};

function viewOf({ end, name }: Written): GrantView {
  const room = end.pol.flatMap((one) => (one[0] === "==" && one[1] === ".room" ? [one[2]] : []))[0];
  return {
    id: end.cid,
    command: end.cmd,
    key: end.aud,
    by: end.iss,
    ...(typeof room === "string" && { room }),
    ...(name !== undefined && { name }),
    ...(end.exp !== null && { expiresWallMs: end.exp * SECOND_MS }),
  };
}

function compare(left: GrantView, right: GrantView): number {
  return (left.name ?? "").localeCompare(right.name ?? "") || (left.id < right.id ? -1 : 1);
}
