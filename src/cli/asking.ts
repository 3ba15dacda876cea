import { NodeClient } from "./client.ts";
import type { CliDeps } from "./deps.ts";
import { NODE_DEFAULT, nodeUrl } from "./node-url.ts";

/** Options of every command that asks a node. */
export interface Asking {
  readonly node?: string;
  readonly json?: true;
}

/** The node that is meant: `--node`, else `$WATERCOOLER_NODE`, else this machine's. */
export function clientOf(deps: CliDeps, { node }: Asking): NodeClient {
  return new NodeClient(nodeUrl(node ?? (deps.env.WATERCOOLER_NODE || NODE_DEFAULT)), deps.signal);
}
