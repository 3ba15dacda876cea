import type { Power } from "../office/admissions.ts";
import { type Identity, loadOrCreateIdentity } from "./identity.ts";
import { signIn } from "./membership.ts";
import { readMembership, writeMembership } from "./membership-file.ts";
import { createUcanCrypto } from "./ucan-crypto.ts";

/**
 * Makes a data folder a member of a mesh, with the root's own key and no ceremony: for nodes that
 * start together on one machine. A folder that has a membership keeps it. Throws where it can't.
 */
export function enrol(dataDir: string, root: Identity, power: Power = "admin"): void {
  const identity = loadOrCreateIdentity(dataDir);
  const kept = readMembership(dataDir);
  if (!identity.ok) throw new Error(identity.error);
  if (!kept.ok) throw new Error(kept.error);
  if (kept.value !== undefined) return;
  const credential = signIn(root, identity.value.id, power, createUcanCrypto());
  writeMembership(dataDir, { mesh: root.id, credential, issue: 0, contacts: [] });
}
