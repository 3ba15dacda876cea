import type { SecureDoor } from "./api/secure-door.ts";
import type { Millis } from "./base/time.ts";
import { CertificateApplicant } from "./node/certificate-applicant.ts";
import { CERTIFICATE_LIFE_MS, CertificateIssuer } from "./node/certificate-issuer.ts";
import type { HttpsAuthority } from "./node/https-authority.ts";
import { PERMITTED_DOMAIN } from "./office/https.ts";
import { HttpsPapers, isSignedFor, type PapersParts, pemOf } from "./trust/https-papers.ts";
import type { HttpsDeps } from "./wire-https.ts";

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
  return { door, start };
}
