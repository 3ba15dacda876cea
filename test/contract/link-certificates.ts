import "reflect-metadata";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { KeyObject, webcrypto } from "node:crypto";
import { connect } from "node:tls";
import { fileURLToPath } from "node:url";
import { X509CertificateGenerator } from "@peculiar/x509";
import WebSocket from "ws";
import { type Address, splitAddress } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import type { LinkIdentity } from "../../src/link/port.ts";
import { WebSocketTransport } from "../../src/link/websocket.ts";
import { generateKeyPem, type Identity, identityFromPem } from "../../src/trust/identity.ts";

export const MINT = fileURLToPath(new URL("../../src/trust/mint-certificate.js", import.meta.url));

/** A key and its certificate. */
export interface Papers {
  readonly identity: Identity;
  readonly keyPem: string;
  readonly certificatePem: string;
}

export function makePapers(): Papers {
  const keyPem = generateKeyPem();
  const identity = identityFromPem(keyPem);
  assert.ok(identity.ok);
  const certificatePem = execFileSync(process.execPath, [MINT], {
    input: keyPem,
    encoding: "utf8",
  });
  return { identity: identity.value, keyPem, certificatePem };
}

/** A certificate of a key that is not Ed25519, though TLS is happy with it. */
export async function p256Papers(): Promise<Pick<Papers, "keyPem" | "certificatePem">> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned(
    { name: "CN=watercooler", keys, signingAlgorithm: algorithm },
    webcrypto,
  );
  const key = KeyObject.from(keys.privateKey).export({ type: "pkcs8", format: "pem" });
  return { keyPem: String(key), certificatePem: certificate.toString("pem") };
}

export function webSocketTransport(
  { keyPem, certificatePem }: Papers,
  identity: LinkIdentity,
  listen: readonly string[],
): WebSocketTransport {
  return new WebSocketTransport({ identity, keyPem, certificatePem, listen, log: silentLog });
}

/** A bare WebSocket with these papers, for what the transport itself would never do. */
export function openAs(
  { keyPem, certificatePem }: Pick<Papers, "keyPem" | "certificatePem">,
  address: Address,
  onSession: (session: Buffer) => void = () => {},
): WebSocket {
  const socket = new WebSocket(`wss://${address}/`, {
    perMessageDeflate: false,
    createConnection: () => {
      const { host, port } = splitAddress(address) ?? { host: "", port: 0 };
      return connect({
        host,
        port,
        key: keyPem,
        cert: certificatePem,
        rejectUnauthorized: false,
      }).on("session", onSession);
    },
  });
  socket.on("error", () => {});
  return socket;
}

/** A bare WebSocket that has said hello, and was welcomed. */
export async function greetAs(
  papers: Papers,
  address: Address,
  hello: Uint8Array,
  onSession: (session: Buffer) => void = () => {},
): Promise<WebSocket> {
  const socket = openAs(papers, address, onSession);
  await new Promise<void>((resolve, reject) => {
    socket.once("close", (code) => reject(new Error(`refused with ${code}`)));
    socket.once("message", () => {
      socket.send(hello);
      socket.once("message", () => resolve());
    });
  });
  return socket;
}
