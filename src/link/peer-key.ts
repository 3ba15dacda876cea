import type { TLSSocket } from "node:tls";
import { type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";

/** Ed25519's public key in DER is this long; the key is its last 32 bytes (RFC 8410). */
const SPKI_BYTES = 44;

/** Who is at the other end: TLS has proved that it holds this key. */
export function peerIdOf(socket: TLSSocket): Result<NodeId, "no-certificate" | "wrong-key"> {
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return err("no-certificate");
    const key = certificate.publicKey;
    if (key.asymmetricKeyType !== "ed25519") return err("wrong-key");
    const der = key.export({ type: "spki", format: "der" });
    if (der.length !== SPKI_BYTES) return err("wrong-key");
    return ok(nodeIdOfKey(new Uint8Array(der.subarray(12))));
  } catch {
    // A key that OpenSSL can't make sense of is none of ours.
    return err("wrong-key");
  }
}
