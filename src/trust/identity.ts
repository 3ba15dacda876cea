import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";

/** An Ed25519 key pair and the identity that its public half is. */
export interface Identity {
  readonly id: NodeId;
  readonly publicKey: Uint8Array;
  readonly privateKeyPem: string;
  sign(bytes: Uint8Array): Uint8Array;
}

const KEY_FILE = "identity.pem";
/** Public keys kept ready for checking. A guess: a large office. */
const KEYS_MAX = 1_024;
/** What comes before the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A new private key, PKCS 8 in PEM. */
export function generateKeyPem(): string {
  const { privateKey } = generateKeyPairSync("ed25519");
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
}

/** Bytes that an Ed25519 key is made from (RFC 8032). */
export const SEED_BYTES = 32;

/** The identity whose key is made from 32 secret bytes. */
export function identityOfSeed(seed: Uint8Array): Identity {
  const der = Buffer.concat([PKCS8_PREFIX, seed.subarray(0, SEED_BYTES)]);
  const key = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  return identityOf(key, key.export({ type: "pkcs8", format: "pem" }) as string);
}

/** The identity of a private key in PEM, or why it is none. */
export function identityFromPem(pem: string): Result<Identity> {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch {
    return err("it holds no private key");
  }
  if (key.asymmetricKeyType !== "ed25519") return err("its key is not an Ed25519 key");
  return ok(identityOf(key, pem));
}

function identityOf(key: KeyObject, privateKeyPem: string): Identity {
  const publicKey = rawPublicKey(createPublicKey(key));
  return {
    id: nodeIdOfKey(publicKey),
    publicKey,
    privateKeyPem,
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
}

/**
 * The node's own identity, made at the first start and never again: a damaged key file is refused,
 * since a new key in its place would be another node.
 */
export function loadOrCreateIdentity(dataDir: string): Result<Identity> {
  const path = join(dataDir, KEY_FILE);
  let pem: string | undefined;
  try {
    pem = readIfThere(path);
    if (pem !== undefined) closeToOthers(path);
    if (pem === undefined) pem = createSecret(path, generateKeyPem());
  } catch (error) {
    return err(`can't read or make ${path}: ${(error as Error).message}`);
  }
  const identity = identityFromPem(pem);
  if (identity.ok) return identity;
  return err(
    `the node's key ${path} is damaged (${identity.error}): put it back from a backup, ` +
      "or move it away to start as a new node",
  );
}

/** A key that was copied by hand is often left readable; only its owner can mend that. */
function closeToOthers(path: string): void {
  try {
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  } catch {
    // On a card without modes, or somebody else's file: doctor tells.
  }
}

/** A file's text, or undefined where there is no such file. Other errors are thrown. */
export function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes a file that only this user may read: whole after a power cut, or not there. */
export function writeSecret(path: string, text: string): void {
  renameSync(writeDraft(path, text), path);
  syncFolder(path);
}

/** Makes such a file, unless somebody else just did: gives the text of the one that is there. */
export function createSecret(path: string, text: string): string {
  const draft = writeDraft(path, text);
  try {
    // Unlike a rename, a link never takes the place of what is there.
    linkSync(draft, path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // FAT knows no links (link(2)): there the last of two that start at once would win.
    if (code === "EPERM") renameSync(draft, path);
    else if (code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  syncFolder(path);
  return readFileSync(path, "utf8");
}

/** A name of its own for each process: two that start at once must not write into one file. */
function writeDraft(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.new`;
  const file = openSync(draft, "w", 0o600);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return draft;
}

function syncFolder(path: string): void {
  const opened = openSync(dirname(path), "r");
  fsyncSync(opened);
  closeSync(opened);
}

/** Checks signatures of any node; keys already met are kept ready. */
export function createVerifier(): (
  id: NodeId,
  bytes: Uint8Array,
  signature: Uint8Array,
) => boolean {
  const keys = new Map<NodeId, KeyObject>();
  const keyOf = (id: NodeId): KeyObject | undefined => {
    const known = keys.get(id);
    if (known !== undefined) return known;
    const raw = keyOfNodeId(id);
    if (raw === undefined) return undefined;
    const der = Buffer.concat([SPKI_PREFIX, raw]);
    const key = createPublicKey({ key: der, format: "der", type: "spki" });
    if (keys.size >= KEYS_MAX) keys.clear();
    keys.set(id, key);
    return key;
  };
  return (id, bytes, signature) => {
    try {
      const key = keyOf(id);
      return key !== undefined && verify(null, bytes, key, signature);
    } catch {
      return false;
    }
  };
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const der = key.export({ type: "spki", format: "der" });
  return new Uint8Array(der.subarray(der.length - 32));
}
