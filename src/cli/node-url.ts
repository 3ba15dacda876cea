import { CliError, EXIT } from "./deps.ts";

export const API_PORT = 8080;
export const NODE_DEFAULT = `http://127.0.0.1:${API_PORT}`;

/**
 * `host`, `host:port` or a URL as the base URL of a node's API, without a slash at its end. A host
 * alone means the usual port; a URL means what URLs mean.
 */
export function nodeUrl(text: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0].toLowerCase();
  const plain = scheme === undefined ? `http://${text}` : text;
  const usual = scheme === undefined && !/:\d+$/.test(text);
  try {
    const url = new URL(plain);
    const hasParts = url.username !== "" || url.search !== "" || url.hash !== "";
    if (!/^https?:$/.test(url.protocol) || hasParts) throw new Error("not the URL of an API");
    if (usual) url.port = String(API_PORT);
    return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
  } catch {
    const says = `"${text}" is no address of a node: use host, host:port or http://host:port`;
    throw new CliError(EXIT.usage, says);
  }
}
