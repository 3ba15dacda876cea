import * as v from "valibot";
import { grantLink, grantText } from "../api/grant-text.ts";
import { SECOND_MS } from "../base/time.ts";
import { parseDuration } from "../config/duration.ts";
import { type Asking, clientOf } from "./asking.ts";
import type { NodeClient } from "./client.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { newGrantKey } from "./grant-key.ts";
import { qr } from "./qr.ts";
import { plain, shortId } from "./words.ts";

const EXPIRES_DEFAULT = "7d";
const NEVER = "never";

const grantDocument = v.object({
  id: v.string(),
  can: v.string(),
  room: v.nullable(v.string()),
  name: v.nullable(v.string()),
  key: v.string(),
  expires: v.nullable(v.string()),
});
const madeGrant = v.object({ ...grantDocument.entries, tokens: v.string() });
const grantDocuments = v.array(grantDocument);
const apis = v.array(v.object({ id: v.string(), api: v.optional(v.array(v.string()), []) }));

export interface Granting extends Asking {
  readonly can?: string;
  readonly room?: string;
  readonly expires?: string;
  readonly name?: string;
  readonly list?: true;
}

/** Lets somebody do something, or lists what people may do. */
export async function grant(deps: CliDeps, granting: Granting): Promise<void> {
  const { can, room, name, list } = granting;
  if ((can === undefined) === (list === undefined)) {
    throw new CliError(EXIT.usage, "say what for with --can, or --list");
  }
  const client = clientOf(deps, granting);
  if (can === undefined) return listed(deps, client, granting);
  const expiresS = spanS(granting.expires ?? EXPIRES_DEFAULT);
  const { seed, id: key } = newGrantKey();
  const asked = { can, key, expires_s: expiresS, ...(room && { room }), ...(name && { name }) };
  const { tokens, ...made } = await client.post("/v1/grants", asked, madeGrant);
  const link = grantLink(await pageOf(client), seed);
  const token = grantText(seed, tokens);
  if (granting.json) return printJson(deps, { ...made, link, token });
  deps.stdout(
    `${plain(`${made.name ?? "Whoever has this"} may ${what(made)}`)}.\n\n` +
      `In a browser:  ${link}\n\n${qr(link)}\n\n` +
      `For --token or $WATERCOOLER_TOKEN, shown this once:\n${token}\n\n` +
      `To take it back:  watercooler revoke ${shortId(made.id)}\n`,
  );
}

/** Takes a grant back, on every node. */
export async function revoke(deps: CliDeps, id: string, asking: Asking): Promise<void> {
  await clientOf(deps, asking).send("DELETE", `/v1/grants/${encodeURIComponent(id)}`);
  if (asking.json) return printJson(deps, { id, revoked: true });
  deps.stdout(`${plain(id)} is taken back, on every node that hears of it, for good.\n`);
}

async function listed(deps: CliDeps, client: NodeClient, { json }: Asking): Promise<void> {
  if (json) return printJson(deps, await client.raw("/v1/grants"));
  const grants = await client.get("/v1/grants", grantDocuments);
  if (grants.length === 0) deps.stdout("Nobody was granted anything.\n");
  for (const one of grants) {
    const whose = one.name ?? "somebody";
    deps.stdout(`${plain(`${shortId(one.id)}  ${whose} may ${what(one)}`)}\n`);
  }
}

type Grant = v.InferOutput<typeof grantDocument>;

function what({ can, room, expires }: Grant): string {
  const doing = DOES[can] ?? can;
  const where = room === null ? "" : ` in ${room}`;
  return `${doing}${where}${expires === null ? "" : ` until ${expires.slice(0, 16)} UTC`}`;
}

const DOES: Readonly<Record<string, string>> = {
  target: "set targets",
  register: "tie devices to people",
  "register-own": "tie their own device to a name",
  "read-people": "read what names people",
  push: "hand in readings",
  calibrate: "calibrate sensors",
  everything: "do everything",
};

function spanS(text: string): number | null {
  if (text === NEVER) return null;
  const spanMs = parseDuration(text);
  if (spanMs !== undefined && spanMs >= SECOND_MS) return Math.floor(spanMs / SECOND_MS);
  throw new CliError(EXIT.usage, `"${text}" is no span: say 12h, 7d or ${NEVER}`);
}

/** The address of the node's page, as phones can reach it where that is known. */
async function pageOf(client: NodeClient): Promise<string> {
  if (!isLocal(client.base)) return client.base;
  const { id } = await client.get("/v1/node", v.object({ id: v.string() }));
  const own = (await client.get("/v1/nodes", apis)).find((one) => one.id === id);
  return own?.api.find((url) => !isLocal(url)) ?? client.base;
}

function isLocal(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || hostname.startsWith("127.");
}
