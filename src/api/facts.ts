import type { ReadSide } from "../node/read-side.ts";
import { type Answer, json } from "./answer.ts";
import { factDocument } from "./documents.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

/** What the other answers rest on. */
export function factsRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/facts",
    access: "open",
    summary: "The state as facts: each with the node that says it, whom it has it from, and when",
    query: {
      entity: "Only of this: room/ROOM, node/NODE, sensor/NODE/SENSOR or device/MAC.",
      attribute: "Only this of it, such as a kind.",
    },
    answers: {
      200: { says: "The facts that fit, the freshest of each first.", schema: "[Fact]" },
      400: { says: "A filter that there is not.", schema: "Problem" },
    },
    handle: (asked) => someFacts(readSide, asked),
  };
}

const FILTERS = ["entity", "attribute"] as const;

function someFacts(readSide: ReadSide, { query, audience }: Asked): Answer {
  for (const key of new Set(query.keys())) {
    if (!FILTERS.some((filter) => filter === key)) {
      return problem(400, `unknown filter; there are: ${FILTERS.join(", ")}`);
    }
    if (query.getAll(key).length > 1) return problem(400, `give ${key} once`);
  }
  const [entity, attribute] = FILTERS.map((filter) => query.get(filter) || undefined);
  const fitting = readSide
    .facts()
    .filter((fact) => entity === undefined || fact.entity === entity)
    .filter((fact) => attribute === undefined || fact.attribute === attribute)
    .filter(({ about }) => about === "things" || audience === "all");
  return json(fitting.map(factDocument));
}
