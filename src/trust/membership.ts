import { concatBytes, toHex, utf8 } from "../base/bytes.ts";
import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bytes, many, nested, record } from "../base/tlv.ts";
import {
  createSecret,
  generateKeyPem,
  type Identity,
  identityFromPem,
  readIfThere,
} from "./identity.ts";

/** Links of a chain from the root to a node. One today; invitations will make longer ones. */
const CHAIN_MAX = 8;
const DOMAIN = utf8("watercooler membership 1\0");

const delegation = record({
  /** Who lets in: the root, or a node that was given that power. */
  issuer: bytes(1, 32, 32),
  /** Who is let in. */
  audience: bytes(2, 32, 32),
  signature: bytes(3, 64, 64),
});
const chain = record({ links: many(nested(1, delegation), CHAIN_MAX) });

/** A mesh: its root key, and how it proves who belongs to it. */
export interface Mesh {
  /** The root's public key as a did:key. */
  readonly id: NodeId;
  /** First 16 hexadecimal digits of the root key: enough to tell meshes apart on a LAN. */
  readonly tag: string;
  /** Whether the credential is a chain from the root to this node. */
  admits(node: NodeId, credential: Uint8Array): boolean;
}

type Verify = (id: NodeId, bytes: Uint8Array, signature: Uint8Array) => boolean;

/** The mesh of a root key, as every node sees it that knows only the public half. */
export function createMesh(id: NodeId, verify: Verify): Mesh {
  return {
    id,
    tag: toHex((keyOfNodeId(id) ?? new Uint8Array()).subarray(0, 8)),
    admits: (node, credential) => {
      const decoded = chain.decode(credential);
      if (!decoded.ok || decoded.value.links.length === 0) return false;
      let expected = id;
      for (const { issuer, audience, signature } of decoded.value.links) {
        if (nodeIdOfKey(issuer) !== expected) return false;
        if (!verify(expected, claim(id, issuer, audience), signature)) return false;
        expected = nodeIdOfKey(audience);
        // Only the root lets nodes in until invitations pass that power on.
        if (decoded.value.links.length > 1) return false;
      }
      return expected === node;
    },
  };
}

/** Lets a node in, with the root's own key. */
export function signIn(root: Identity, node: Identity): Uint8Array {
  const signature = root.sign(claim(root.id, root.publicKey, node.publicKey));
  return chain.encode({ links: [{ issuer: root.publicKey, audience: node.publicKey, signature }] });
}

/** The mesh secret in a file, made when there is none: whoever has it may let nodes in. */
export function loadOrCreateSecret(path: string): Result<{ root: Identity; made: "new" | "read" }> {
  try {
    const kept = readIfThere(path);
    const drawn = kept ?? generateKeyPem();
    const pem = kept ?? createSecret(path, drawn);
    const root = identityFromPem(pem);
    if (!root.ok) {
      return err(
        `the mesh secret ${path} is damaged (${root.error}): copy it again from another node`,
      );
    }
    return ok({ root: root.value, made: kept === undefined && pem === drawn ? "new" : "read" });
  } catch (error) {
    return err(`can't read or make the mesh secret ${path}: ${(error as Error).message}`);
  }
}

function claim(mesh: NodeId, issuer: Uint8Array, audience: Uint8Array): Uint8Array {
  return concatBytes([DOMAIN, utf8(mesh), issuer, audience]);
}
