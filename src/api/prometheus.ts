import type { ReadSide } from "../node/read-side.ts";
import type { NodeView } from "../office/views.ts";
import { json } from "./answer.ts";
import { isLoopback } from "./door.ts";
import type { ScrapeTargetDocument } from "./foreign-types.ts";
import type { Route } from "./router.ts";

/**
 * Every node of the mesh as Prometheus' HTTP service discovery takes it, so that one URL of any
 * node is all that has to be configured. Each target tells its own readings alone, so that none is
 * scraped as often as there are nodes.
 */
export function prometheusRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/prometheus/targets",
    access: "open",
    summary: "Every node with an API, as Prometheus' HTTP service discovery",
    answers: { 200: { says: "The targets.", schema: "[ScrapeTarget]" } },
    handle: ({ incoming }) => {
      const from = isLoopback(incoming.socket.remoteAddress) ? "here" : "elsewhere";
      return json(scrapeTargets(readSide.nodes(), from));
    },
  };
}

/**
 * One target a node, so that no series is there twice. What answers on loopback alone is told to
 * who asks from `"here"`, the node's own machine.
 */
export function scrapeTargets(
  nodes: readonly NodeView[],
  from: "here" | "elsewhere",
): readonly ScrapeTargetDocument[] {
  return nodes.flatMap((node) => {
    if (node.state === "retired") return [];
    const url = bestOf(node.api, from);
    if (url === undefined) return [];
    const labels: Record<string, string> = {
      node_name: node.name,
      room: node.room,
      __meta_watercooler_id: node.id,
      __param_scope: "own",
      ...(url.protocol === "https:" && { __scheme__: "https" }),
    };
    return [{ targets: [authorityOf(url)], labels }];
  });
}

/** HTTP before HTTPS, whose authority has to be installed first; then as the node lists them. */
function bestOf(api: readonly string[], from: "here" | "elsewhere"): URL | undefined {
  const urls = api.flatMap((text) => (URL.canParse(text) ? [new URL(text)] : []));
  const reachable = urls.filter(({ hostname }) => from === "here" || !isLoopback(bare(hostname)));
  return reachable.find(({ protocol }) => protocol === "http:") ?? reachable[0];
}

/** The port is always said: a URL leaves out its scheme's own. */
function authorityOf({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === "https:" ? "443" : "80")}`;
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}
