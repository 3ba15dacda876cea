import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  X509Certificate,
} from "node:crypto";
import { join } from "node:path";
import { pemOf } from "../base/pem.ts";
import type { Millis } from "../base/time.ts";
import { mint } from "./certificate.ts";
import { createSecret, readIfThere, writeSecret } from "./identity.ts";

const TLS_KEY_FILE = "https.key";
const TLS_CERTIFICATE_FILE = "https.crt";
const AUTHORITY_NAME = "Watercooler mesh";

/** What `mint-https.ts` is to make. */
export type MintOrder =
  | {
      readonly kind: "authority";
      readonly name: string;
      readonly signingKeyPem: string;
      readonly wallMs: Millis;
    }
  | {
      readonly kind: "server";
      readonly signingKeyPem: string;
      /** The signer's certificate in PEM; undefined where a key is to sign for itself. */
      readonly authority?: string;
      /** SubjectPublicKeyInfo, in base64. */
      readonly key: string;
      readonly names: readonly string[];
      readonly wallMs: Millis;
      readonly lifeMs: Millis;
    };

export interface PapersParts {
  readonly dataDir: string;
  /** Tells meshes apart in a phone's list of authorities. */
  readonly meshTag: string;
  readonly mintScript: string;
}

export interface AuthorityPaper {
  readonly certificate: Uint8Array;
  readonly madeWallMs: Millis;
}

/** The keys and certificates for HTTPS in a data folder. Every method throws what the disk says. */
export class HttpsPapers {
  constructor(private readonly parts: PapersParts) {}

  /** The node's own TLS key, P-256 since browsers take no Ed25519; in PEM. */
  tlsKeyPem(): string {
    return this.keyIn(TLS_KEY_FILE);
  }

  tlsPublicKey(): Uint8Array {
    return publicKeyOf(this.tlsKeyPem());
  }

  /** The certificate used last, in PEM; undefined where it is not of the node's TLS key. */
  kept(): string | undefined {
    const pem = readIfThere(this.path(TLS_CERTIFICATE_FILE));
    try {
      return pem !== undefined && isOfKey(new X509Certificate(pem), this.tlsPublicKey())
        ? pem
        : undefined;
    } catch {
      return undefined;
    }
  }

  keep(pem: string): void {
    writeSecret(this.path(TLS_CERTIFICATE_FILE), pem);
  }

  /** A certificate that nobody vouches for, until there is one of the authority. */
  async selfSigned(names: readonly string[], wallMs: Millis, lifeMs: Millis): Promise<string> {
    const signingKeyPem = this.tlsKeyPem();
    const key = Buffer.from(publicKeyOf(signingKeyPem)).toString("base64");
    const certificate = await this.mint({
      kind: "server",
      ...{ signingKeyPem, key, names, wallMs, lifeMs },
    });
    return pemOf(certificate);
  }

  /** The authority of this node, made where it never was one. */
  async authority(wallMs: Millis): Promise<AuthorityPaper> {
    const path = this.path(`authority-${this.parts.meshTag}.json`);
    const signingKeyPem = this.keyIn(this.authorityKeyFile);
    const kept = paperIn(readIfThere(path), publicKeyOf(signingKeyPem));
    if (kept !== undefined) return kept;
    const name = `${AUTHORITY_NAME} ${this.parts.meshTag}`;
    const certificate = await this.mint({ kind: "authority", name, signingKeyPem, wallMs });
    const text = JSON.stringify({ certificate: pemOf(certificate), madeWallMs: wallMs });
    writeSecret(path, `${text}\n`);
    return { certificate, madeWallMs: wallMs };
  }

  /** Signs a node's TLS key with the authority's. */
  async issue(order: {
    readonly authority: Uint8Array;
    readonly key: Uint8Array;
    readonly names: readonly string[];
    readonly wallMs: Millis;
    readonly lifeMs: Millis;
  }): Promise<Uint8Array> {
    const { authority, key, ...rest } = order;
    return this.mint({
      kind: "server",
      signingKeyPem: this.keyIn(this.authorityKeyFile),
      authority: pemOf(authority),
      key: Buffer.from(key).toString("base64"),
      ...rest,
    });
  }

  /** One for each mesh: who left for another takes no authority along. */
  private get authorityKeyFile(): string {
    return `authority-${this.parts.meshTag}.key`;
  }

  private async mint(order: MintOrder): Promise<Uint8Array> {
    const text = await mint(JSON.stringify(order), this.parts.mintScript);
    return new Uint8Array(Buffer.from(text, "base64"));
  }

  private keyIn(file: string): string {
    const path = this.path(file);
    const kept = readIfThere(path);
    if (kept !== undefined) return kept;
    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return createSecret(path, privateKey.export({ type: "pkcs8", format: "pem" }) as string);
  }

  private path(file: string): string {
    return join(this.parts.dataDir, file);
  }
}

/** Whether an authority signed a certificate, and for this key. */
export function isSignedFor(
  certificate: Uint8Array,
  authority: Uint8Array,
  key: Uint8Array,
): boolean {
  try {
    const [leaf, root] = [new X509Certificate(certificate), new X509Certificate(authority)];
    return leaf.checkIssued(root) && leaf.verify(root.publicKey) && isOfKey(leaf, key);
  } catch {
    return false;
  }
}

function publicKeyOf(pem: string): Uint8Array {
  const key = createPublicKey(createPrivateKey(pem));
  return new Uint8Array(key.export({ type: "spki", format: "der" }));
}

function isOfKey(certificate: X509Certificate, key: Uint8Array): boolean {
  const own = certificate.publicKey.export({ type: "spki", format: "der" });
  return Buffer.compare(own, key) === 0;
}

function paperIn(text: string | undefined, key: Uint8Array): AuthorityPaper | undefined {
  if (text === undefined) return undefined;
  try {
    const { certificate: pem, madeWallMs } = Object(JSON.parse(text));
    const certificate = new X509Certificate(String(pem));
    if (!Number.isSafeInteger(madeWallMs) || !isOfKey(certificate, key)) return undefined;
    return { certificate: new Uint8Array(certificate.raw), madeWallMs };
  } catch {
    return undefined;
  }
}
