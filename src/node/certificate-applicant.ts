import { equalBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { SECOND_MS } from "../base/time.ts";
import { certificateOf, REQUEST_KEY, requestedKey, requestRecord } from "../office/https.ts";
import type { Replica } from "../replica/replica.ts";
import type { HttpsAuthority } from "./https-authority.ts";
import type { Node } from "./node.ts";

/** How often it is looked whether there is a certificate. A guess: nobody waits longer. */
const LOOK_MS = SECOND_MS;

export interface ApplicantParts {
  readonly self: NodeId;
  readonly node: Pick<Node, "write" | "every">;
  readonly replica: Replica;
  readonly authority: HttpsAuthority;
  readonly log: Log;
  /** The TLS key that is to be certified: SubjectPublicKeyInfo in DER. */
  readonly key: Uint8Array;
  /** Whether an authority signed a certificate for that key. */
  isSound(certificate: Uint8Array, authority: Uint8Array): boolean;
  /** Serves with it from now on. Throws where it can't be kept. */
  use(certificate: Uint8Array): void;
}

/** Asks for a certificate of this node's TLS key, and takes it up when it comes. */
export class CertificateApplicant {
  private seen: Uint8Array = new Uint8Array();

  constructor(private readonly parts: ApplicantParts) {}

  start(): void {
    this.look();
    this.parts.node.every(LOOK_MS, () => this.look());
  }

  private look(): void {
    const { self, node, replica, authority, key } = this.parts;
    const asked = requestedKey(replica, self);
    if (asked === undefined || !equalBytes(asked, key)) {
      node.write(REQUEST_KEY, requestRecord.encode({ key }), "batched");
    }
    const current = authority.current();
    const made = current && certificateOf(replica, current.node, self);
    if (made === undefined || equalBytes(made.certificate, this.seen)) return;
    this.seen = made.certificate;
    this.take(made.certificate, current?.certificate ?? new Uint8Array());
  }

  private take(certificate: Uint8Array, authority: Uint8Array): void {
    const { log } = this.parts;
    if (!this.parts.isSound(certificate, authority)) {
      return log.write("warn", "a certificate for HTTPS was not taken: it is not of this key");
    }
    try {
      this.parts.use(certificate);
      log.write("info", "HTTPS answers with the mesh's certificate");
    } catch (error) {
      log.write("error", `a certificate for HTTPS was not taken: ${(error as Error).message}`);
    }
  }
}
