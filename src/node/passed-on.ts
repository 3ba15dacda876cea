import type { NodeId } from "../base/id.ts";
import { letIns } from "../office/admissions.ts";
import { grantRecord, parseGrantKey } from "../office/grants.ts";
import type { Replica } from "../replica/replica.ts";

/** The credentials of all nodes that are in, or were just let in. */
export function knownCredentials(
  replica: Replica,
): readonly { readonly node: NodeId; readonly credential: Uint8Array }[] {
  const born = [...replica.origins()].flatMap(({ origin: node }) => {
    const credential = replica.birth(node)?.credential;
    return credential === undefined ? [] : [{ node, credential }];
  });
  return [...born, ...letIns(replica)];
}

/** What stays good when a node goes that others came in by: all that is known now. */
export function keptWithout(replica: Replica, gone: NodeId) {
  const others = knownCredentials(replica).filter(({ node }) => node !== gone);
  return {
    others,
    credentials: others.map(({ credential }) => credential),
    grants: grantTokens(replica),
  };
}

/** The tokens of every grant, whichever node wrote it down. */
function grantTokens(replica: Replica): readonly Uint8Array[] {
  return [...replica.live()].flatMap(({ entry: { key, value } }) => {
    const isGrant = parseGrantKey(key) !== undefined && value !== undefined;
    const grant = isGrant ? grantRecord.decode(value) : undefined;
    return grant?.ok ? [grant.value.tokens] : [];
  });
}
