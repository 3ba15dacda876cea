import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { chainTo } from "../ucan/chain.ts";
import { fromContainerText } from "../ucan/container.ts";
import { type Delegation, decodeDelegation } from "../ucan/delegation.ts";
import type { Sha256 } from "../ucan/ipld.ts";

/**
 * The delegations to a key, the root's first. Their signatures are left to the nodes, which trust
 * nobody's word for them.
 */
export function chainInTokens(
  tokens: string,
  key: NodeId,
  sha256: Sha256,
): Result<readonly Delegation[]> {
  const all = fromContainerText(tokens);
  if (!all.ok) return all;
  const links: Delegation[] = [];
  for (const bytes of all.value) {
    const link = decodeDelegation(bytes, { sha256, verify: () => true });
    if (!link.ok) return link;
    links.push(link.value);
  }
  const chain = chainTo(key, links);
  return chain.length === 0 ? err("its delegations are for another key") : ok(chain);
}
