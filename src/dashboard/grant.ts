import { grantInFragment, parseGrantText } from "../api/grant-text.ts";
import { base64url } from "../base/base64.ts";

/** A grant as this browser keeps it: the private key, and the delegations once they are known. */
export interface KeptGrant {
  readonly seed: string;
  readonly tokens?: string;
}

const KEPT_AS = "watercooler.grants";
/** One for each thing that there is to be allowed, and some. A guess. */
const GRANTS_MAX = 16;

/**
 * Keeps the grant that the page's address carries, and takes it out of the address, so that it is
 * in no bookmark, history or picture of the screen.
 */
export function takeGrant(): void {
  const { hash, pathname, search } = location;
  if (!hash.startsWith("#grant=")) return;
  history.replaceState(history.state, "", pathname + search);
  const grant = grantInFragment(hash);
  if (grant === undefined) return;
  const { tokens } = grant;
  keepGrant({ seed: base64url(grant.seed), ...(tokens !== undefined && { tokens }) });
}

/** The grants that this browser holds, the newest first. */
export function heldGrants(): readonly KeptGrant[] {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isKept) : [];
  } catch {
    return [];
  }
}

/** Keeps a grant, or what is known of it now. */
export function keepGrant(grant: KeptGrant): void {
  keepAll([grant, ...heldGrants().filter(({ seed }) => seed !== grant.seed)]);
}

/** Forgets a grant that no node knows any more. */
export function dropGrant({ seed }: KeptGrant): void {
  keepAll(heldGrants().filter((one) => one.seed !== seed));
}

function keepAll(grants: readonly KeptGrant[]): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(grants.slice(0, GRANTS_MAX)));
  } catch {
    // A browser that keeps nothing: the link has to be opened again.
  }
}

function isKept(value: unknown): value is KeptGrant {
  const { seed, tokens } = Object(value) as { seed?: unknown; tokens?: unknown };
  if (typeof seed !== "string" || parseGrantText(seed) === undefined) return false;
  return tokens === undefined || typeof tokens === "string";
}
