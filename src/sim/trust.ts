import { equalBytes, fromUtf8, utf8 } from "../base/bytes.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { outlasts, parseForgottenKey } from "../office/admissions.ts";
import { outlastsReplacement, parseReplacedKey } from "../office/replacements.ts";
import type { ReplicaPorts } from "../replica/replica.ts";

// Where nobody forges on purpose, hashes and signatures need to be fast and the same everywhere.

/** Stands for SHA-256: 32 bytes of two FNV-1a lanes. */
export function simHash(bytes: Uint8Array): Uint8Array {
  return hashFrom(0x811c9dc5, bytes);
}

/** Stands for a signature by the key of `origin`. */
export function simSign(origin: NodeId, body: Uint8Array): Uint8Array {
  let start = starts.get(origin);
  if (start === undefined) {
    start = new DataView(simHash(utf8(origin)).buffer).getUint32(0);
    starts.set(origin, start);
  }
  const signature = new Uint8Array(64);
  signature.set(hashFrom(start, body));
  return signature;
}

const starts = new Map<NodeId, number>();

function hashFrom(start: number, bytes: Uint8Array): Uint8Array {
  let low = start | 0;
  let high = 0x9e3779b9 | 0;
  for (let at = 0; at < bytes.length; at++) {
    low = Math.imul(low ^ (bytes[at] as number), 0x01000193);
    high = Math.imul(high ^ (bytes[at] as number), 0x85ebca6b) ^ (low >>> 15);
  }
  const words = new Int32Array(8);
  for (let at = 0; at < 8; at += 2) {
    words[at] = Math.imul(low ^ at, 0xc2b2ae35);
    words[at + 1] = Math.imul(high ^ at, 0x27d4eb2f);
  }
  return new Uint8Array(words.buffer);
}

/** A key for a name: stands for a key pair. */
export function keyOfName(name: string): Uint8Array {
  return simHash(utf8(name));
}

export const SIM_CREDENTIAL = utf8("member");

export const simTrust: ReplicaPorts = {
  hash: simHash,
  verify: (entry) => equalBytes(entry.signature, simSign(entry.origin, entry.body)),
  admit: (_, credential) => equalBytes(credential, SIM_CREDENTIAL),
  retirement: {
    retires: ({ key, value }) => (value === undefined ? undefined : parseForgottenKey(key)),
    outlasts,
  },
  succession: {
    of: ({ key, value }) => {
      const node = parseReplacedKey(key);
      const successor = parseNodeId(fromUtf8(value ?? new Uint8Array()) ?? "");
      return node === undefined || successor === undefined ? undefined : { node, successor };
    },
    keeps: outlastsReplacement,
  },
};
