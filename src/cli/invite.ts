import { readFileSync } from "node:fs";
import * as v from "valibot";
import { parseDuration } from "../config/duration.ts";
import { type Asking, clientOf } from "./asking.ts";
import type { NodeClient } from "./client.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { type Cell, paperOf, table } from "./table.ts";
import { plain } from "./words.ts";

export interface Inviting extends Asking {
  readonly uses?: number;
  readonly expires?: string;
  readonly admin?: true;
  readonly count?: number;
  readonly names?: string;
  readonly list?: true;
  readonly revoke?: string;
}

const PATH = "/v1/invitations";
const EXPIRES_DEFAULT = "24h";
/** Cards that are written in one go. A guess. */
const COUNT_MAX = 200;
const invitation = v.object({
  id: v.string(),
  name: v.nullish(v.string(), null),
  power: v.string(),
  uses: v.number(),
  used: v.number(),
  expires: v.string(),
  by: v.string(),
  state: v.string(),
  code: v.optional(v.string()),
});
type Invitation = v.InferOutput<typeof invitation>;

/** Makes invitations, lists them, takes one back. */
export async function invite(deps: CliDeps, options: Inviting): Promise<void> {
  const client = clientOf(deps, options);
  if (options.list) return list(deps, client, options);
  if (options.revoke !== undefined) return revoke(deps, client, options.revoke, options);
  const names = namesOf(options);
  const bulk = options.names !== undefined || options.count !== undefined;
  const made: Invitation[] = [];
  for (const name of names) made.push(await make(client, options, name));
  if (options.json) return printJson(deps, bulk ? made : made[0]);
  if (bulk) return deps.stdout(made.map(card).join("\n"));
  for (const one of made) await tell(deps, one);
}

async function make(
  client: NodeClient,
  { uses = 1, expires = EXPIRES_DEFAULT, admin }: Inviting,
  name: string | undefined,
): Promise<Invitation> {
  const spanMs = parseDuration(expires);
  if (spanMs === undefined || spanMs <= 0) {
    throw new CliError(EXIT.usage, `"${expires}" is no time: give one such as 24h or 30d`);
  }
  const body = { uses, expires_s: spanMs / 1_000, power: admin ? "admin" : "member" };
  return client.post(PATH, name === undefined ? body : { ...body, name }, invitation);
}

async function tell(deps: CliDeps, { code = "", expires, uses, power }: Invitation): Promise<void> {
  const many = uses === 1 ? "one node" : `${uses} nodes`;
  const may = power === "admin" ? ", which may then let others in too" : "";
  deps.stdout(`\n    ${code}\n\n`);
  if (deps.isTty) deps.stdout(`${(await import("./qr.ts")).qr(code)}\n`);
  deps.stdout(`For ${many}${may}, until ${expires}. On the new Pi:\n\n`);
  deps.stdout(`    watercooler join ${code}\n\n`);
  deps.stdout(`or, on a card written beforehand, in watercooler.yaml:\n\n${line(code)}`);
}

/** What goes into one card's configuration. */
function card({ name, code = "", expires }: Invitation): string {
  const node = name === null ? "" : `node:\n  name: ${name}\n`;
  return `# until ${expires}\n${node}${line(code)}`;
}

function line(code: string): string {
  return `mesh:\n  invite: "${code}"\n`;
}

function namesOf({ names, count = 1 }: Inviting): readonly (string | undefined)[] {
  if (names === undefined) {
    if (count <= COUNT_MAX) return Array.from({ length: count }, () => undefined);
    throw new CliError(EXIT.usage, `--count is at most ${COUNT_MAX}`);
  }
  let text: string;
  try {
    text = readFileSync(names, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CliError(EXIT.usage, `${names} can't be read (${code}): give a file of names`);
  }
  const found = text.split(/\s+/).filter((name) => name !== "");
  if (found.length === 0 || found.length > COUNT_MAX) {
    throw new CliError(EXIT.usage, `${names} has to hold 1 to ${COUNT_MAX} names, one a line`);
  }
  return found;
}

async function list(deps: CliDeps, client: NodeClient, { json }: Asking): Promise<void> {
  const document = await client.raw(PATH);
  if (json) return printJson(deps, document);
  const all = client.checked(PATH, document, v.array(invitation));
  if (all.length === 0) return deps.stdout('There are none: "watercooler invite" makes one.\n');
  const columns = ["INVITATION", "FOR", "POWER", "USED", "STATE", "EXPIRES", "BY"];
  const rows = all.map((one): Cell[] => {
    const { id, name, power, used, uses, state, expires, by } = one;
    const tone = used > uses ? "bad" : state === "open" ? "good" : "dim";
    const count: Cell = { text: `${used} of ${uses}`, tone };
    return [id, plain(name ?? "-"), power, count, { text: state, tone }, expires, plain(by)];
  });
  const titles = columns.map((title) => ({ title }));
  deps.stdout(table(titles, rows, paperOf(deps)));
}

async function revoke(
  deps: CliDeps,
  client: NodeClient,
  id: string,
  { json }: Asking,
): Promise<void> {
  await client.send("DELETE", `${PATH}/${encodeURIComponent(id)}`);
  if (json) return printJson(deps, { id, state: "revoked" });
  deps.stdout(`Nobody comes in by invitation ${plain(id)} any more.\n`);
}
