import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import type { Address } from "../../src/base/id.ts";
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
): WebSocket {
  const socket = new WebSocket(`wss://${address}/`, {
    key: keyPem,
    cert: certificatePem,
    rejectUnauthorized: false,
    perMessageDeflate: false,
  });
  socket.on("error", () => {});
  return socket;
}

/** A bare WebSocket that has said hello, and was welcomed. */
export async function greetAs(
  papers: Papers,
  address: Address,
  hello: Uint8Array,
): Promise<WebSocket> {
  const socket = openAs(papers, address);
  await new Promise<void>((resolve, reject) => {
    socket.once("close", (code) => reject(new Error(`refused with ${code}`)));
    socket.once("message", () => {
      socket.send(hello);
      socket.once("message", () => resolve());
    });
  });
  return socket;
}
