import { type Address, keyOfNodeId, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { bytes, record, text, uint } from "../base/tlv.ts";
import type { LinkFailure, PeerHello } from "../link/port.ts";
import { addresses, WIRE_VERSION, WIRE_VERSION_MIN } from "../overlay/codec.ts";
import { CREDENTIAL_BYTES_MAX } from "../replica/birth.ts";
import type { Mesh } from "./membership.ts";

const hello = record({
  versionMin: uint(1, 255),
  versionMax: uint(2, 255),
  mesh: bytes(3, 32, 32),
  boot: text(4, 64),
  addresses: addresses(5),
  credential: bytes(6, CREDENTIAL_BYTES_MAX),
});

export interface OwnHello {
  readonly mesh: Pick<Mesh, "id">;
  readonly boot: string;
  readonly credential: Uint8Array;
  readonly addresses: readonly Address[];
  /** The newest wire version that it speaks; left out: this build's own. */
  readonly version?: number;
}

export function encodeHello(own: OwnHello): Uint8Array {
  return hello.encode({
    versionMin: WIRE_VERSION_MIN,
    versionMax: own.version ?? WIRE_VERSION,
    mesh: keyOfNodeId(own.mesh.id) ?? new Uint8Array(32),
    boot: own.boot,
    addresses: own.addresses.slice(0, 8),
    credential: own.credential,
  });
}

/** Decides whether a peer, whose key the link has proved, may talk to us. */
export function judgeHello(
  mesh: Pick<Mesh, "id" | "admits">,
  peer: NodeId,
  received: Uint8Array,
  version: number = WIRE_VERSION,
): Result<PeerHello, LinkFailure> {
  const decoded = hello.decode(received);
  if (!decoded.ok) return err("bad-hello");
  const said = decoded.value;
  if (said.versionMin > version || said.versionMax < WIRE_VERSION_MIN) return err("bad-hello");
  if (nodeIdOfKey(said.mesh) !== mesh.id) return err("not-member");
  if (!mesh.admits(peer, said.credential)) return err("not-member");
  return ok({
    boot: said.boot,
    addresses: said.addresses,
    version: Math.min(said.versionMax, version),
    credential: said.credential,
  });
}
