import { X509Certificate } from "node:crypto";
import type { SecureDoor } from "./api/secure-door.ts";
import type { NodeId } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import { pemOf } from "./base/pem.ts";
import { type Clock, HOUR_MS, type Millis } from "./base/time.ts";
import { CertificateApplicant } from "./node/certificate-applicant.ts";
import { CERTIFICATE_LIFE_MS, CertificateIssuer } from "./node/certificate-issuer.ts";
import type { HttpsAuthority } from "./node/https-authority.ts";
import type { Node } from "./node/node.ts";
import type { Check } from "./node/read-side.ts";
import { PERMITTED_DOMAIN } from "./office/https.ts";
import type { Replica } from "./replica/replica.ts";
import { HttpsPapers, isSignedFor, type PapersParts } from "./trust/https-papers.ts";

export interface HttpsDeps {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly log: Log;
  /** Admins that live. */
  admins(): readonly NodeId[];
}

/** Time to see to a certificate that ends. A guess. */
const SOON_MS = 30 * 24 * HOUR_MS;

export interface OpenHttps extends HttpsDeps, PapersParts {
  readonly authority: HttpsAuthority;
  /** `host:port`. */
  readonly listen: string;
  readonly name: string;
  readonly clockSetMs: Millis;
}

export interface WiredHttps {
  readonly door: SecureDoor;
  start(): void;
  checks(): readonly Check[];
}

/** Opens the TLS key and a certificate of it; throws what the disk says. */
export async function openHttps(parts: OpenHttps): Promise<WiredHttps> {
  const papers = new HttpsPapers(parts);
  const { listen, name, clock } = parts;
  const key = papers.tlsPublicKey();
  let certificatePem = papers.kept();
  if (certificatePem === undefined) {
    const names = [`${name}.${PERMITTED_DOMAIN}`];
    certificatePem = await papers.selfSigned(names, clock.wallMs(), CERTIFICATE_LIFE_MS);
    papers.keep(certificatePem);
  }
  const door: SecureDoor = {
    listen,
    credentials: { key: papers.tlsKeyPem(), cert: certificatePem },
    renewed: () => {},
  };
  const applicant = new CertificateApplicant({
    ...parts,
    key,
    isSound: (certificate, authority) => isSignedFor(certificate, authority, key),
    use: (certificate) => {
      const cert = pemOf(certificate);
      if (cert === door.credentials.cert) return;
      papers.keep(cert);
      door.credentials = { ...door.credentials, cert };
      door.renewed();
    },
  });
  const issuer = new CertificateIssuer({ ...parts, mint: papers });
  const start = () => {
    applicant.start();
    issuer.start();
  };
  const checks = () => [checkOf(door.credentials.cert, clock.wallMs())];
  return { door, start, checks };
}

/** Whether browsers that have the authority will take what this node shows. */
function checkOf(pem: string, wallMs: Millis): Check {
  const { subject, issuer, validTo } = new X509Certificate(pem);
  const told = (problem: string | undefined): Check => ({
    name: "https",
    state: problem === undefined ? "ok" : "degraded",
    detail: problem ?? `certified until ${validTo}`,
  });
  if (subject === issuer) {
    return told("nobody certified this node yet: set api.https on an admin's node too");
  }
  if (Date.parse(validTo) - wallMs > SOON_MS) return told(undefined);
  return told(`the certificate ends ${validTo}: see to the admin's node that is the authority`);
}
