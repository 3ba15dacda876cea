// Run once, as a process of its own, as mint-certificate.ts is, and for the same reason.
import "reflect-metadata";
import { createPrivateKey, createPublicKey, randomBytes, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { PERMITTED_DOMAIN, PERMITTED_IPV4, PERMITTED_IPV6 } from "../office/https.ts";
import type { MintOrder } from "./https-papers.ts";

const P256 = { name: "ECDSA", namedCurve: "P-256" };
const SIGNING = { name: "ECDSA", hash: "SHA-256" };
const DAY_MS = 86_400_000;
/** What clocks in an office may differ by. A guess. */
const BEFORE_MS = DAY_MS;
/** The last year that a UTCTime can tell (RFC 5280, 4.1.2.5.1). */
const AUTHORITY_ENDS = new Date(Date.UTC(2049, 0, 1));
/** 15 bytes, the first below 128: positive, and at most 20 octets (RFC 5280, 4.1.2.2). */
const SERIAL_BYTES = 15;
/** Name constraints (RFC 5280, 4.2.1.10). */
const NAME_CONSTRAINTS = "2.5.29.30";

const order = JSON.parse(readFileSync(0, "utf8")) as MintOrder;
const certificate = await made();
process.stdout.write(Buffer.from(certificate.rawData).toString("base64"));

async function made(): Promise<X509Certificate> {
  const privateKey = await privateKeyOf(order.signingKeyPem);
  const common = {
    serialNumber: Buffer.concat([Buffer.of(1), randomBytes(SERIAL_BYTES)]).toString("hex"),
    notBefore: new Date(order.wallMs - BEFORE_MS),
    signingAlgorithm: SIGNING,
  };
  if (order.kind === "authority") {
    const publicKey = await publicKeyOf(spkiOf(order.signingKeyPem));
    return X509CertificateGenerator.createSelfSigned(
      {
        ...common,
        name: [{ CN: [order.name] }],
        notAfter: AUTHORITY_ENDS,
        keys: { privateKey, publicKey },
        extensions: [
          new BasicConstraintsExtension(true, 0, true),
          new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
          new Extension(NAME_CONSTRAINTS, true, nameConstraints()),
          await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        ],
      },
      webcrypto,
    );
  }
  const publicKey = await publicKeyOf(Buffer.from(order.key, "base64"));
  const issuer = order.authority === undefined ? undefined : new X509Certificate(order.authority);
  const [name = "watercooler"] = order.names;
  // With a space: what looks like a host name there is taken for one.
  const subject = [{ CN: [`Watercooler ${name}`] }];
  return X509CertificateGenerator.create(
    {
      ...common,
      subject,
      issuer: issuer?.subjectName.toJSON() ?? subject,
      notAfter: new Date(order.wallMs + order.lifeMs),
      publicKey,
      signingKey: privateKey,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
        new SubjectAlternativeNameExtension(
          order.names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
        ),
        ...(issuer === undefined
          ? []
          : [await AuthorityKeyIdentifierExtension.create(issuer, false, webcrypto)]),
      ],
    },
    webcrypto,
  );
}

function privateKeyOf(pem: string) {
  const pkcs8 = createPrivateKey(pem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", pkcs8, P256, true, ["sign"]);
}

function publicKeyOf(spki: Buffer) {
  return webcrypto.subtle.importKey("spki", spki, P256, true, ["verify"]);
}

function spkiOf(pem: string): Buffer {
  return createPublicKey(pem).export({ type: "spki", format: "der" });
}

/** Names of `.local` and private addresses: whoever installs the authority trusts it no further. */
function nameConstraints(): Buffer {
  const subtree = (tag: number, base: Buffer) => der(0x30, der(tag, base));
  const ipv4 = PERMITTED_IPV4.map(([network, bits]) => {
    const address = Buffer.from(network.split(".").map(Number));
    return subtree(0x87, Buffer.concat([address, mask(bits, 4)]));
  });
  const { firstByte, bits } = PERMITTED_IPV6;
  const ipv6 = Buffer.concat([Buffer.of(firstByte), Buffer.alloc(15), mask(bits, 16)]);
  const domain = subtree(0x82, Buffer.from(PERMITTED_DOMAIN));
  return der(0x30, der(0xa0, Buffer.concat([domain, ...ipv4, subtree(0x87, ipv6)])));
}

/** The first `bits` set, of so many bytes. */
function mask(bits: number, length: number): Buffer {
  const ones = (at: number) => Math.min(8, Math.max(0, bits - 8 * at));
  return Buffer.from(Array.from({ length }, (_, at) => 256 - 2 ** (8 - ones(at))));
}

/** A value of DER with its tag; none here has 256 bytes. */
function der(tag: number, value: Buffer): Buffer {
  const length = value.length < 128 ? [value.length] : [0x81, value.length];
  return Buffer.concat([Buffer.of(tag, ...length), value]);
}
