import { createHash } from "node:crypto";
import type { NodeId } from "../base/id.ts";
import { type Authority, authorityOf } from "../office/https.ts";
import type { Replica } from "../replica/replica.ts";
import type { HttpsSide } from "./read-side.ts";

/** The mesh's certificate authority for HTTPS, as every node knows it. */
export class HttpsAuthority implements HttpsSide {
  constructor(
    private readonly replica: Replica,
    /** Whether a node may let others in. */
    private readonly isAdmin: (node: NodeId) => boolean,
  ) {}

  /** Undefined where no admin has made one. */
  current(): Authority | undefined {
    return authorityOf(this.replica, (node) => this.isAdmin(node));
  }

  certificate(): Uint8Array | undefined {
    return this.current()?.certificate;
  }

  /** SHA-256 of the certificate, written as phones and browsers show it. */
  fingerprint(): string | undefined {
    const certificate = this.certificate();
    if (certificate === undefined) return undefined;
    const hash = createHash("sha256").update(certificate).digest("hex").toUpperCase();
    return hash.match(/../g)?.join(":");
  }
}
