import * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { nodeDocuments } from "./documents.ts";
import { type Cell, paperOf, table } from "./table.ts";
import { ago, quantity, shortId } from "./words.ts";

const factDocuments = v.array(
  v.object({
    attribute: v.string(),
    value: v.nullable(v.union([v.number(), v.boolean(), v.string()])),
    unit: v.optional(v.string(), ""),
    from: v.string(),
    by: v.string(),
    at: v.string(),
    age_s: v.number(),
  }),
);

export interface Doubted {
  readonly thing: string;
  readonly name: string;
  readonly attribute: string | undefined;
}

export interface Doubting extends Asking {
  readonly at?: string;
}

/** The state holds the newest word of everybody, so little is known of what was. */
const PAST_SAYS =
  "A dash: said anew since, at the time shown. What was taken back since is not known any more;\n" +
  "how readings went is in the history: /v1/history.\n";

/** What is known of a thing, with who said it and when; the freshest of each first. */
export async function why(deps: CliDeps, doubted: Doubted, asking: Doubting): Promise<void> {
  const { thing, name, attribute } = doubted;
  const client = clientOf(deps, asking);
  const query = new URLSearchParams({ entity: `${thing}/${name}` });
  if (attribute !== undefined) query.set("attribute", attribute);
  if (asking.at !== undefined) query.set("at", asking.at);
  const path = `/v1/facts?${query}`;
  if (asking.json) return printJson(deps, await client.raw(path));
  const facts = await client.get(path, factDocuments);
  if (facts.length === 0) throw new CliError(EXIT.failed, nothingSaid(doubted));
  const nodes = await client.get("/v1/nodes", nodeDocuments);
  const names = new Map(nodes.map(({ id, name: text }) => [id, text]));
  const columns = ["ATTRIBUTE", "VALUE", "SAID BY", "FROM", "AT", "AGE"];
  const rows = v
    .parse(factDocuments, facts)
    .map((fact): Cell[] => [
      fact.attribute,
      shown(fact.value, fact.unit),
      names.get(fact.from) ?? shortId(fact.from),
      fact.by,
      fact.at,
      ago(fact.age_s),
    ]);
  deps.stdout(
    table(
      columns.map((title) => ({ title })),
      rows,
      paperOf(deps),
    ),
  );
  if (asking.at !== undefined) deps.stdout(`\n${PAST_SAYS}`);
}

function shown(value: number | boolean | string | null, unit: string): string {
  if (value === null) return "-";
  return typeof value === "string" ? value : quantity(value, unit);
}

/** Where the names of things are listed. */
const LISTS: Readonly<Record<string, string>> = {
  room: "rooms",
  device: "network",
  person: "who",
};

function nothingSaid({ thing, name, attribute }: Doubted): string {
  const what = attribute === undefined ? "" : `the ${attribute} of `;
  const list = `see "watercooler ${LISTS[thing] ?? "status"}"`;
  return `no node says anything of ${what}${thing} "${name}": ${list}`;
}
