import { base64url, fromBase64url } from "../base/base64.ts";

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
