import { createHash } from "node:crypto";
import { equalBytes, utf8 } from "../base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../base/id.ts";
import type { Entry } from "../replica/entry.ts";

/** SHA-256, the daemon's own hash. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

/** Stands for a signature: nobody forges on a bench, but damage is noticed. 64 bytes. */
export function sealOf(origin: NodeId, body: Uint8Array): Uint8Array {
  return createHash("sha512").update(origin).update(body).digest();
}

export function isSealed({ origin, body, signature }: Entry): boolean {
  return equalBytes(signature, sealOf(origin, body));
}

/** The bench's names (n0, n1 ...) and the identities that stand for them. */
export class Names {
  private readonly ids = new Map<string, NodeId>();
  private readonly names = new Map<NodeId, string>();

  constructor(names: readonly string[]) {
    for (const name of names) {
      const id = nodeIdOfKey(sha256(utf8(name)));
      this.ids.set(name, id);
      this.names.set(id, name);
    }
  }

  idOf(name: string): NodeId | undefined {
    return this.ids.get(name);
  }

  nameOf(id: NodeId): string | undefined {
    return this.names.get(id);
  }

  all(): readonly NodeId[] {
    return [...this.names.keys()];
  }
}
