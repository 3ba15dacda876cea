import type { TLSSocket } from "node:tls";
import { type NodeId, nodeIdOfKey } from "../base/id.ts";

/** Ed25519's public key in DER is this long; the key is its last 32 bytes (RFC 8410). */
const SPKI_BYTES = 44;

/** Who is at the other end: TLS has proved that it holds this key. Undefined for other keys. */
export function peerIdOf(socket: TLSSocket): NodeId | undefined {
  try {
    const key = socket.getPeerX509Certificate()?.publicKey;
    if (key?.asymmetricKeyType !== "ed25519") return undefined;
    const der = key.export({ type: "spki", format: "der" });
    return der.length === SPKI_BYTES ? nodeIdOfKey(new Uint8Array(der.subarray(12))) : undefined;
  } catch {
    return undefined;
  }
}
