import { base64url, fromBase64url } from "../base/base64.ts";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { chainTo } from "../ucan/chain.ts";
import { fromContainerText } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { Sha256 } from "../ucan/ipld.ts";

/**
 * A grant as people pass it on: the private key, and after a dot the delegations that lead to it.
 * A link has the key alone, in its fragment, which browsers keep from servers: it has to fit
 * into a QR code, and any node has the delegations.
 */
export interface GrantText {
  /** The 32 bytes of the private key. */
  readonly seed: Uint8Array;
  readonly tokens: string | undefined;
}

export const SEED_BYTES = 32;
const FRAGMENT = "#grant=";

export function grantText(seed: Uint8Array, tokens: string): string {
  return `${base64url(seed)}.${tokens}`;
}

/** A link that carries a grant to the page of a node. */
export function grantLink(page: string, seed: Uint8Array): string {
  return `${page.replace(/\/+$/, "")}/${FRAGMENT}${base64url(seed)}`;
}

/** A grant's parts, or undefined where the text is none. */
export function parseGrantText(text: string): GrantText | undefined {
  const [key = "", tokens, ...rest] = text.trim().split(".");
  const seed = fromBase64url(key);
  if (seed?.length !== SEED_BYTES || rest.length > 0) return undefined;
  return { seed, tokens };
}

/** The grant in an address's fragment; undefined where there is none. */
export function grantInFragment(fragment: string): GrantText | undefined {
  if (!fragment.startsWith(FRAGMENT)) return undefined;
  return parseGrantText(fragment.slice(FRAGMENT.length));
}

/**
 * The delegations to a key, the root's first. Their signatures are left to the nodes, which trust
 * nobody's word for them.
 */
export function chainInTokens(
  tokens: string,
  key: NodeId,
  sha256: Sha256,
): Result<readonly Delegation[]> {
  const all = fromContainerText(tokens);
  if (!all.ok) return all;
  const links: Delegation[] = [];
  for (const bytes of all.value) {
    const link = decodeDelegation(bytes, { sha256, verify: () => true });
    if (!link.ok) return link;
    links.push(link.value);
  }
  const chain = chainTo(key, links);
  return chain.length === 0 ? err("its delegations are for another key") : ok(chain);
}
