import * as v from "valibot";
import { SECOND_MS } from "../base/time.ts";
import type { ReadSide, ReplacementSide, ToldReplacement } from "../node/read-side.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { readJson } from "./body.ts";
import type { ReplacementDocument } from "./membership-types.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

const FORCE = "force: true or false";
const body = v.strictObject({ force: v.optional(v.boolean(FORCE), false) });

const path = "/v1/replacements/{node}";
const refusals = {
  404: { says: "There is no such node.", schema: "Problem" },
  409: { says: "Not now, or not this one; `detail` says why.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;

/** How this node takes the place of one that died. */
export function replacementRoutes({ replacements }: ReadSide): readonly Route[] {
  if (replacements === undefined) return [];
  return [
    {
      method: "GET",
      path: "/v1/replacements",
      access: "open",
      summary: "Who asks for a dead node's place, and who has which",
      answers: { 200: { says: "The replacements.", schema: "[Replacement]" } },
      handle: () => json(replacements.list().map(replacementDocument)),
    },
    {
      method: "PUT",
      path,
      access: "write",
      summary: "Asks for a node's place, by its name, fingerprint or id; an admin has it at once",
      body: "ReplacementBody",
      answers: {
        200: { says: "This node has the place, or somebody else has.", schema: "Replacement" },
        202: { says: "An admin has to agree.", schema: "Replacement" },
        400: { says: "Not understood; `detail` says what is wrong.", schema: "Problem" },
        413: { says: "Over 64 KiB.", schema: "Problem" },
        415: { says: "Not JSON.", schema: "Problem" },
        ...refusals,
      },
      handle: (asked) => replace(replacements, asked),
    },
    {
      method: "DELETE",
      path,
      access: "write",
      summary: "Takes back that this node asks for a place",
      answers: { 204: { says: "It asks no more." }, ...refusals },
      handle: ({ params }) => {
        const done = replacements.cancel(params.node ?? "");
        return done.ok ? nothing() : problem(done.error.status, done.error.detail);
      },
    },
  ];
}

async function replace(
  replacements: ReplacementSide,
  { incoming, params }: Asked,
): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(body, read.value);
  if (!parsed.success) return problem(400, parsed.issues[0].message);
  const done = replacements.ask(params.node ?? "", parsed.output.force ? "force" : "safe");
  if (!done.ok) return problem(done.error.status, done.error.detail);
  return json(replacementDocument(done.value), done.value.state === "waiting" ? 202 : 200);
}

function replacementDocument(told: ToldReplacement): ReplacementDocument {
  const { sensors, successor = null, ...same } = told;
  const known = sensors.map(({ everyMs, ...one }) => ({ ...one, every_s: everyMs / SECOND_MS }));
  return { ...same, successor, sensors: known };
}
