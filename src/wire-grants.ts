import { randomBytes } from "node:crypto";
import { CLOCK_SET_S } from "./api/doorkeeper.ts";
import type { ApiTrust } from "./api/server.ts";
import type { Clock } from "./base/time.ts";
import { Grants, type Revoking } from "./node/grants.ts";
import type { Node } from "./node/node.ts";
import type { Replica } from "./replica/replica.ts";
import {
  createRevocationJudge,
  isRevokedIn,
  revocationValue,
  revokedKey,
} from "./trust/revocations.ts";
import type { Issued } from "./ucan/chain.ts";
import type { TrustParts } from "./wire-trust.ts";

export interface GrantWiring {
  readonly grants: Grants;
  /** What the API judges capabilities by. */
  readonly trust: ApiTrust;
}

/** What people are allowed in this mesh, and what was taken back. */
export function wireGrants(
  { mesh: whole, signer, authority, crypto }: TrustParts,
  parts: { readonly node: Node; readonly replica: Replica; readonly clock: Clock },
): GrantWiring {
  const mesh = whole.id;
  const judge = createRevocationJudge(mesh, crypto);
  const isRevoked = (link: Issued) =>
    isRevokedIn(parts.replica, link.cid, judge) || !whole.stands(link);
  const revoking: Revoking = {
    isRevoked,
    entry: (cid, path) => {
      const asked = { revoker: signer, subject: mesh, cid, path, proofs: authority() };
      return { key: revokedKey(cid), value: revocationValue(asked, crypto) };
    },
  };
  const grants = new Grants({
    ...parts,
    ...{ signer, mesh, authority, crypto, revoking },
    randomBytes: (length) => new Uint8Array(randomBytes(length)),
    clockSetS: CLOCK_SET_S,
  });
  return { grants, trust: { crypto, mesh, isRevoked } };
}
