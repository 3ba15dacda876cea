import { createHash } from "node:crypto";
import { toHex } from "../base/bytes.ts";
import { keyOfNodeId, type NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bytes, many, record } from "../base/tlv.ts";
import { DELEGATION_BYTES_MAX, type Power } from "../office/admissions.ts";
import { CREDENTIAL_BYTES_MAX } from "../replica/birth.ts";
import { CHAIN_MAX, checkChain } from "../ucan/chain.ts";
import { covers } from "../ucan/command.ts";
import { type Delegation, decodeDelegation, delegate } from "../ucan/delegation.ts";
import type { Signer, UcanCrypto } from "../ucan/envelope.ts";
import {
  type ForgetToken,
  type ReplaceToken,
  readForgetToken,
  readReplaceToken,
} from "./forget-token.ts";

/** To be in the mesh, and to let others in. */
const JOIN = "/mesh/join";
const INVITE = "/mesh/invite";
const COMMANDS: Readonly<Record<Power, string>> = { member: JOIN, admin: "/" };
/** Credentials whose signatures were checked already. A guess: a large office. */
const CHECKED_MAX = 1_024;

/** A credential: UCAN delegations from the mesh's root to a node, the root's first. */
const chainRecord = record({ links: many(bytes(1, DELEGATION_BYTES_MAX), CHAIN_MAX) });

/** What the replicated state says of nodes' standing. */
export interface Standing {
  /** The tokens that put a node out. */
  tokensAgainst(node: NodeId): readonly Uint8Array[];
  /** The tokens that gave its place to another. */
  replacementsOf?(node: NodeId): readonly Uint8Array[];
  /** Credentials that were made for a node, whether it took them up or not. */
  credentialsOf(node: NodeId): readonly Uint8Array[];
}

/** A credential as far as it can be judged by itself. */
interface Checked {
  readonly holder: NodeId;
  readonly power: Power;
  readonly links: readonly Pick<Delegation, "iss" | "cid">[];
}

/**
 * A mesh: its root key, and how it proves who belongs to it.
 *
 * A credential is judged without a clock: replicated data alone decides, so that every node judges
 * it the same. To have been let in is not to let in: each link but the last has to cover
 * `/mesh/invite`, as `/` does.
 */
export class Mesh {
  private readonly checked = new Map<string, Checked | "none">();
  private readonly tokens = new WeakMap<Uint8Array, ForgetToken | "none">();
  private readonly replacing = new WeakMap<Uint8Array, ReplaceToken | "none">();
  private standing: Standing = { tokensAgainst: () => [], credentialsOf: () => [] };

  constructor(
    /** The root's public key as a did:key. */
    readonly id: NodeId,
    private readonly crypto: UcanCrypto,
  ) {}

  /** First 16 hexadecimal digits of the root key: enough to tell meshes apart on a LAN. */
  get tag(): string {
    return meshTag(this.id);
  }

  /** Lets the replicated state have its say. */
  follow(standing: Standing): void {
    this.standing = standing;
  }

  /** Whether a node that shows this credential belongs to the mesh. */
  admits(node: NodeId, credential: Uint8Array): boolean {
    const { standing } = this;
    if (this.powerOf(node, credential) !== undefined) return true;
    return standing.credentialsOf(node).some((one) => this.powerOf(node, one) !== undefined);
  }

  /** What a credential lets a node do; undefined where it does not even let it in. */
  powerOf(node: NodeId, credential: Uint8Array): Power | undefined {
    const checked = this.check(credential);
    if (checked === undefined || checked.holder !== node) return undefined;
    if (this.isOut(node)) return undefined;
    const { links, power } = checked;
    return links.every((link) => this.stands(link)) ? power : undefined;
  }

  /** Whom a token puts out, where it is one of this mesh. */
  forgottenBy(token: Uint8Array): NodeId | undefined {
    const known = this.tokens.get(token) ?? readForgetToken(token, this.id, this.crypto) ?? "none";
    this.tokens.set(token, known);
    return known === "none" ? undefined : known.node;
  }

  /** Who takes whose place by a token, where it is one of this mesh. */
  replacedBy(token: Uint8Array): ReplaceToken | undefined {
    const { replacing, id, crypto } = this;
    const known = replacing.get(token) ?? readReplaceToken(token, id, crypto) ?? "none";
    replacing.set(token, known);
    return known === "none" ? undefined : known;
  }

  /** Whether a credential was passed on by some node. */
  passesThrough(credential: Uint8Array, node: NodeId): boolean {
    return this.check(credential)?.links.some(({ iss }) => iss === node) === true;
  }

  /**
   * What somebody who was put out, or replaced, had passed on stands where one of those who did
   * that kept it.
   */
  stands({ iss, cid }: Pick<Delegation, "iss" | "cid">): boolean {
    const replacing = (this.standing.replacementsOf?.(iss) ?? []).flatMap((one) => {
      const token = this.replacedBy(one);
      return token?.node === iss ? [token] : [];
    });
    const against = [...this.tokensAgainst(iss), ...replacing];
    return against.length === 0 || against.some((token) => token.keeps(cid));
  }

  /** Whether a node was put out for good. */
  isOut(node: NodeId): boolean {
    return this.tokensAgainst(node).length > 0;
  }

  private tokensAgainst(node: NodeId): readonly ForgetToken[] {
    return this.standing.tokensAgainst(node).flatMap((bytes) => {
      if (this.forgottenBy(bytes) !== node) return [];
      const token = this.tokens.get(bytes);
      return token === undefined || token === "none" ? [] : [token];
    });
  }

  private check(credential: Uint8Array): Checked | undefined {
    const name = createHash("sha256").update(credential).digest("base64");
    const known = this.checked.get(name);
    if (known !== undefined) return known === "none" ? undefined : known;
    const checked = this.judge(credential);
    if (this.checked.size >= CHECKED_MAX) this.checked.clear();
    this.checked.set(name, checked ?? "none");
    return checked;
  }

  private judge(credential: Uint8Array): Checked | undefined {
    const links = readChain(credential, this.crypto);
    const last = links?.at(-1);
    if (links === undefined || last === undefined) return undefined;
    const allows = (command: string) =>
      checkChain({
        subject: this.id,
        audience: last.aud,
        command,
        proofs: links,
        isRevoked: () => false,
        now: "timeless",
      }).ok;
    if (!allows(JOIN)) return undefined;
    if (!links.slice(0, -1).every(({ cmd }) => covers(cmd, INVITE))) return undefined;
    const power = allows(COMMANDS.admin) ? "admin" : "member";
    return { holder: last.aud, power, links: links.map(({ iss, cid }) => ({ iss, cid })) };
  }
}

/** First 16 hexadecimal digits of a root key. */
export function meshTag(id: NodeId): string {
  return toHex((keyOfNodeId(id) ?? new Uint8Array()).subarray(0, 8));
}

/** The delegations of a credential; undefined where it is none. */
export function readChain(
  credential: Uint8Array,
  crypto: UcanCrypto,
): readonly Delegation[] | undefined {
  const decoded = chainRecord.decode(credential);
  if (!decoded.ok) return undefined;
  const links: Delegation[] = [];
  for (const one of decoded.value.links) {
    const link = decodeDelegation(one, crypto);
    if (!link.ok) return undefined;
    links.push(link.value);
  }
  return links;
}

export interface LettingIn {
  readonly mesh: NodeId;
  readonly issuer: Signer;
  /** The issuer's own credential; none for the root. */
  readonly on?: Uint8Array;
  readonly node: NodeId;
  readonly power: Power;
  readonly nonce: Uint8Array;
}

/** Makes a credential for a node, on top of the issuer's own. The error is for people. */
export function letIn(request: LettingIn, crypto: UcanCrypto): Result<Uint8Array> {
  const { mesh, issuer, on, node: audience, power, nonce } = request;
  const chain = on === undefined ? [] : readChain(on, crypto);
  if (chain === undefined) return err("this node's own credential is damaged");
  const link = delegate(
    { issuer, audience, subject: mesh, command: COMMANDS[power], expiration: null, nonce },
    crypto,
  );
  const credential = chainRecord.encode({ links: [...chain, link].map((one) => one.bytes) });
  if (chain.length < CHAIN_MAX && credential.length <= CREDENTIAL_BYTES_MAX) return ok(credential);
  return err("it was passed on too often: let it in on a node that was let in earlier");
}

/** Signs a node in with the root's own key. */
export function signIn(root: Signer, node: NodeId, power: Power, crypto: UcanCrypto): Uint8Array {
  const nonce = new Uint8Array();
  const made = letIn({ mesh: root.id, issuer: root, node, power, nonce }, crypto);
  // A chain of one link is never too long.
  return made.ok ? made.value : new Uint8Array();
}
