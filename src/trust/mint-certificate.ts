// Run once, as a process of its own: the library it needs would cost the daemon 13 MB for ever.
import "reflect-metadata";
import { createPrivateKey, createPublicKey, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { X509CertificateGenerator } from "@peculiar/x509";

const ED25519 = { name: "Ed25519" };

const key = createPrivateKey(readFileSync(0, "utf8"));
const pkcs8 = key.export({ type: "pkcs8", format: "der" });
const spki = createPublicKey(key).export({ type: "spki", format: "der" });
const privateKey = await webcrypto.subtle.importKey("pkcs8", pkcs8, ED25519, true, ["sign"]);
const publicKey = await webcrypto.subtle.importKey("spki", spki, ED25519, true, ["verify"]);
// Nobody looks at the dates: a Pi may believe that it is 1970 or 2038.
const certificate = await X509CertificateGenerator.createSelfSigned(
  {
    serialNumber: "01",
    name: "CN=watercooler",
    notBefore: new Date(Date.UTC(1970, 0, 2)),
    notAfter: new Date(Date.UTC(2049, 0, 1)),
    signingAlgorithm: ED25519,
    keys: { privateKey, publicKey },
  },
  webcrypto,
);
process.stdout.write(`${certificate.toString("pem")}\n`);
