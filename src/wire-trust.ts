import { createHash, randomBytes } from "node:crypto";
import { concatBytes, toHex, utf8 } from "./base/bytes.ts";
import { keyOfNodeId } from "./base/id.ts";
import type { ProcessIdentity } from "./node/assemble.ts";
import type { OpenedParts } from "./open-parts.ts";
import type { ReplicaPorts } from "./replica/replica.ts";
import { createVerifier, type Identity } from "./trust/identity.ts";
import { machineId } from "./trust/machine-id.ts";
import { createMesh, type Mesh, signIn } from "./trust/membership.ts";
import { createUcanCrypto } from "./trust/ucan-crypto.ts";
import { type Delegation, delegate } from "./ucan/delegation.ts";
import type { UcanCrypto } from "./ucan/envelope.ts";

/** Keeps signatures of entries apart from all others that a key may make. */
const ENTRY_DOMAIN = utf8("watercooler entry 1\0");
const BOOT_BYTES = 8;

export interface TrustParts {
  readonly mesh: Mesh;
  readonly identity: ProcessIdentity;
  /** What entries are judged by. */
  readonly trust: ReplicaPorts;
  /** This node's own key, for what it passes on. */
  readonly signer: Identity;
  /** From the root to this node: what it may pass on. */
  readonly authority: () => readonly Delegation[];
  readonly crypto: UcanCrypto;
}

/** Who this process is, in which mesh, and whom it believes. */
export function wireTrust({ identity, root }: OpenedParts): TrustParts {
  const verify = createVerifier();
  const mesh = createMesh(root.id, verify);
  const meshKey = keyOfNodeId(mesh.id) ?? new Uint8Array();
  const crypto = createUcanCrypto(verify);
  // Who holds the root may do everything. The same bytes at each start: it can be taken back.
  const own = delegate(
    {
      issuer: root,
      audience: identity.id,
      subject: root.id,
      command: "/",
      expiration: null,
      nonce: new Uint8Array(),
    },
    crypto,
  );
  const signed = (body: Uint8Array) => concatBytes([ENTRY_DOMAIN, meshKey, body]);
  return {
    mesh,
    signer: identity,
    authority: () => [own],
    crypto,
    identity: {
      self: identity.id,
      boot: toHex(randomBytes(BOOT_BYTES)),
      credential: signIn(root, identity),
      machine: machineId(),
      sign: (body) => identity.sign(signed(body)),
    },
    trust: {
      hash: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
      verify: (entry) => verify(entry.origin, signed(entry.body), entry.signature),
      admit: (origin, shown) => mesh.admits(origin, shown),
    },
  };
}
