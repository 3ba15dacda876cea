import { personKey } from "../base/person-name.ts";
import type { Millis } from "../base/time.ts";
import type { ReadSide } from "../node/read-side.ts";
import { factsThen } from "../office/facts.ts";
import { type Answer, json } from "./answer.ts";
import { factDocument } from "./documents.ts";
import { parseInstant } from "./instant.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

/** What the other answers rest on. */
export function factsRoute(readSide: ReadSide, wallMs: () => Millis): Route {
  return {
    method: "GET",
    path: "/v1/facts",
    access: "open",
    summary: "The state as facts: each with the node that says it, whom it has it from, and when",
    query: {
      entity: "Only of this: room/ROOM, node/NODE, sensor/NODE/SENSOR, device/MAC or person/NAME.",
      attribute: "Only this of it, such as a kind.",
      at:
        "What is known of this moment, in RFC 3339. Facts that were said anew since have the " +
        "value null; what was taken back since is not listed.",
    },
    answers: {
      200: { says: "The facts that fit, the freshest of each first.", schema: "[Fact]" },
      400: { says: "A filter that there is not, or no moment of the past.", schema: "Problem" },
    },
    handle: (asked) => someFacts(readSide, asked, wallMs()),
  };
}

const FILTERS = ["entity", "attribute", "at"] as const;

function someFacts(readSide: ReadSide, { query, audience }: Asked, nowWallMs: Millis): Answer {
  for (const key of new Set(query.keys())) {
    if (!FILTERS.some((filter) => filter === key)) {
      return problem(400, `unknown filter; there are: ${FILTERS.join(", ")}`);
    }
    if (query.getAll(key).length > 1) return problem(400, `give ${key} once`);
  }
  const [entity, attribute, at] = FILTERS.map((filter) => query.get(filter) || undefined);
  const fitting = readSide
    .facts()
    .filter((fact) => entity === undefined || isSame(fact.entity, entity))
    .filter((fact) => attribute === undefined || fact.attribute === attribute)
    .filter(({ about }) => about === "things" || audience === "all");
  if (at === undefined) return json(fitting.map(factDocument));
  const atWallMs = parseInstant(at);
  if (atWallMs === undefined) {
    return problem(400, "at: a moment in RFC 3339, such as 2026-03-01T09:30:00Z");
  }
  if (atWallMs > nowWallMs) return problem(400, "at: that moment has not come yet");
  return json(factsThen(fitting, nowWallMs - atWallMs).map(factDocument));
}

const PERSON = "person/";

/** A person may be spelled in several ways. */
function isSame(one: string, other: string): boolean {
  if (!one.startsWith(PERSON) || !other.startsWith(PERSON)) return one === other;
  return personKey(one.slice(PERSON.length)) === personKey(other.slice(PERSON.length));
}
