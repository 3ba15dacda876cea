import { NodeClient } from "./client.ts";
import { type CliDeps, CliError, EXIT } from "./deps.ts";
import { NODE_DEFAULT, nodeUrl } from "./node-url.ts";

/** Options of every command that asks a node. */
export interface Asking {
  readonly node?: string;
  readonly json?: true;
  /** A grant's token, or `@FILE` with one in it. */
  readonly token?: string;
}

/**
 * The node that is meant: `--node`, else `$WATERCOOLER_NODE`, else this machine's; with the grant
 * of `--token`, else of `$WATERCOOLER_TOKEN`.
 */
export function clientOf(deps: CliDeps, { node, token }: Asking): NodeClient {
  const base = nodeUrl(node ?? (deps.env.WATERCOOLER_NODE || NODE_DEFAULT));
  const grant = token ?? (deps.env.WATERCOOLER_TOKEN || undefined);
  return new NodeClient(base, deps.signal, grant && (() => tokenText(grant)));
}

/** Loaded where a token is given only: most commands need none. */
async function tokenText(given: string): Promise<string> {
  if (!given.startsWith("@")) return given;
  const path = given.slice(1);
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `can't read the token in ${path}: ${(error as Error).message}`);
  }
}
