import { NodeClient } from "./client.ts";
import { type CliDeps, CliError, EXIT } from "./deps.ts";
import { NODE_DEFAULT, nodeUrl } from "./node-url.ts";

/** Options of every command that asks a node. */
export interface Asking {
  readonly node?: string;
  readonly json?: true;
  /** A grant's token, or `@FILE` with one in it. */
  readonly token?: string;
  /** A file with the certificate of the mesh's authority, for https. */
  readonly ca?: string;
}

/**
 * The node that is meant: `--node`, else `$WATERCOOLER_NODE`, else this machine's; with the grant
 * of `--token`, else of `$WATERCOOLER_TOKEN`; over HTTPS, it has to be vouched for by what Node
 * trusts (`$NODE_EXTRA_CA_CERTS` adds to that), or by `--ca`, else `$WATERCOOLER_CA`.
 */
export function clientOf(deps: CliDeps, { node, token, ca }: Asking): NodeClient {
  const base = nodeUrl(node ?? (deps.env.WATERCOOLER_NODE || NODE_DEFAULT));
  const grant = token ?? (deps.env.WATERCOOLER_TOKEN || undefined);
  const authority = ca ?? (deps.env.WATERCOOLER_CA || undefined);
  return new NodeClient(base, deps.signal, {
    token: grant && (() => tokenText(grant)),
    authority: authority && (() => fileText(authority, "the authority")),
  });
}

/** Loaded where a token is given only: most commands need none. */
async function tokenText(given: string): Promise<string> {
  if (!given.startsWith("@")) return given;
  return fileText(given.slice(1), "the token");
}

async function fileText(path: string, what: string): Promise<string> {
  const { readFile } = await import("node:fs/promises");
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new CliError(EXIT.usage, `can't read ${what} in ${path}: ${(error as Error).message}`);
  }
}
