import type { IncomingHttpHeaders } from "node:http";
import type { NodeView } from "../office/views.ts";
import { CONTENT_POLICY } from "./answer.ts";
import { parseHost } from "./door.ts";

/** Nodes that a page may turn to when its own dies; a header of all would be long. A guess. */
const PAGES_MAX = 32;

interface Page {
  readonly secure: boolean;
  /** Host and port as a browser writes them. */
  readonly host: string;
  readonly port: string;
}

/**
 * True where the page of another node of this mesh asks: one whose own node died goes on from here.
 *
 * What it may so do is follow the live socket, which takes nothing in. Members alone are let in
 * by this, and they hold all of that state themselves; a stranger's page under any other address
 * is refused as before.
 */
export function isMeshPage({ origin }: IncomingHttpHeaders, nodes: readonly NodeView[]): boolean {
  const asking = pageOf(origin ?? "");
  if (asking === undefined) return false;
  return nodes.some(({ name, state, api }) => {
    if (state === "retired") return false;
    const pages = api.map(pageOf).filter((page) => page !== undefined);
    return pages.some(
      ({ secure, host, port }) =>
        secure === asking.secure &&
        port === asking.port &&
        (host === asking.host || asking.host === `${name}.local`),
    );
  });
}

/** The page's policy: beside its own node it may open the live sockets of the mesh's others. */
export function pagePolicy(nodes: readonly NodeView[]): string {
  const sockets = nodes
    .filter(({ state }) => state === "alive")
    .flatMap(({ api }) => {
      const pages = api.map(pageOf).filter((page) => page !== undefined);
      // A page that came over HTTPS may open no other sockets.
      return ["plain", "secure"].flatMap(
        (kind) => pages.find(({ secure }) => secure === (kind === "secure")) ?? [],
      );
    })
    .slice(0, PAGES_MAX)
    .map(({ secure, host, port }) => `${secure ? "wss" : "ws"}://${bracketed(host)}:${port}`);
  return `${CONTENT_POLICY}; connect-src ${["'self'", ...new Set(sockets)].join(" ")}`;
}

/** The parts of an address that a node says its page is at; nothing else gets into a header. */
function pageOf(text: string): Page | undefined {
  const match = /^(https?):\/\/([^/]+)\/?$/.exec(text);
  const host = parseHost(match?.[2] ?? "");
  if (host === undefined) return undefined;
  const secure = match?.[1] === "https";
  const port = host.port === "" ? (secure ? "443" : "80") : host.port;
  return { secure, host: host.name, port };
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
