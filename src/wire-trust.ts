import { createHash, randomBytes } from "node:crypto";
import { concatBytes, toHex, utf8 } from "./base/bytes.ts";
import { keyOfNodeId } from "./base/id.ts";
import type { ProcessIdentity } from "./node/assemble.ts";
import { forgottenKey, letInsOf, outlasts, parseForgottenKey } from "./office/admissions.ts";
import { outlastsReplacement, parseReplacedKey, replacedKey } from "./office/replacements.ts";
import type { OpenedParts } from "./open-parts.ts";
import type { Replica, ReplicaPorts } from "./replica/replica.ts";
import { createVerifier, type Identity } from "./trust/identity.ts";
import { machineId } from "./trust/machine-id.ts";
import { Mesh, readChain, type Standing } from "./trust/membership.ts";
import { type Membership, writeMembership } from "./trust/membership-file.ts";
import { Notary } from "./trust/notary.ts";
import { createUcanCrypto } from "./trust/ucan-crypto.ts";
import type { Delegation } from "./ucan/delegation.ts";
import type { UcanCrypto } from "./ucan/envelope.ts";

/** Keeps signatures of entries apart from all others that a key may make. */
const ENTRY_DOMAIN = utf8("watercooler entry 1\0");
const BOOT_BYTES = 8;

export interface TrustParts {
  readonly mesh: Mesh;
  readonly notary: Notary;
  readonly identity: ProcessIdentity;
  /** What entries are judged by. */
  readonly trust: Omit<ReplicaPorts, "withdrawal">;
  /** This node's own key, for what it passes on. */
  readonly signer: Identity;
  /** From the root to this node: what it may pass on. */
  readonly authority: () => readonly Delegation[];
  readonly crypto: UcanCrypto;
}

/** Who this process is, in which mesh, and whom it believes. */
export function wireTrust({ identity, membership }: OpenedParts, dataDir: string): TrustParts {
  const verify = createVerifier();
  const crypto = createUcanCrypto(verify);
  const mesh = new Mesh(membership.mesh, crypto);
  const keep = (newer: Membership) => writeMembership(dataDir, newer);
  const notary = new Notary({ identity, mesh, crypto, membership, keep });
  const meshKey = keyOfNodeId(mesh.id) ?? new Uint8Array();
  const signed = (body: Uint8Array) => concatBytes([ENTRY_DOMAIN, meshKey, body]);
  return {
    mesh,
    notary,
    signer: identity,
    authority: () => readChain(notary.credential, crypto) ?? [],
    crypto,
    identity: {
      self: identity.id,
      mesh: mesh.id,
      boot: toHex(randomBytes(BOOT_BYTES)),
      get credential() {
        return notary.credential;
      },
      machine: machineId(),
      sign: (body) => identity.sign(signed(body)),
    },
    trust: {
      hash: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
      verify: (entry) => verify(entry.origin, signed(entry.body), entry.signature),
      admit: (origin, shown) => mesh.admits(origin, shown),
      retirement: {
        retires: ({ key, value }) => {
          const node = value === undefined ? undefined : parseForgottenKey(key);
          if (node === undefined || value === undefined) return undefined;
          return mesh.forgottenBy(value) === node ? node : undefined;
        },
        outlasts,
      },
      succession: {
        of: ({ key, value }) => {
          const node = value === undefined ? undefined : parseReplacedKey(key);
          const token = node === undefined || !value ? undefined : mesh.replacedBy(value);
          return token?.node === node ? token : undefined;
        },
        keeps: outlastsReplacement,
      },
    },
  };
}

/** What a replica says of nodes' standing, for the mesh to judge by. */
export function standingIn(replica: Replica): Standing {
  const under = (key: string) =>
    [...replica.origins()].flatMap(({ held }) => held.get(key)?.entry.value ?? []);
  return {
    tokensAgainst: (node) => under(forgottenKey(node)),
    replacementsOf: (node) => under(replacedKey(node)),
    credentialsOf: (node) => letInsOf(replica, node).map(({ credential }) => credential),
  };
}
