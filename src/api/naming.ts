import * as v from "valibot";
import type { ReadSide } from "../node/read-side.ts";
import { isName } from "../reading/reading.ts";
import { json } from "./answer.ts";
import { readJson } from "./body.ts";
import { selfDocument } from "./documents.ts";
import { problem } from "./problems.ts";
import type { Route } from "./router.ts";

const RULE = 'lower-case letters, digits, "-", "_" and ".", 63 at most';
const named = v.pipe(v.string(), v.check(isName));
const body = v.strictObject({ name: named, room: named });

/** Names this node from its page, over its configuration. */
export function namingRoute(readSide: ReadSide): Route {
  return {
    method: "PUT",
    path: "/v1/node",
    access: "write",
    summary: "Names this node and its room, over its configuration; the same again undoes it",
    body: "Named",
    answers: {
      200: { says: "This node, as it is called now.", schema: "Self" },
      400: { says: "Not such names; `detail` says what fits.", schema: "Problem" },
      404: { says: "This node is called what it is called.", schema: "Problem" },
      409: { says: "Another node runs under this one's identity.", schema: "Problem" },
      413: { says: "Over 64 KiB.", schema: "Problem" },
      415: { says: "Not JSON.", schema: "Problem" },
      507: { says: "The node has no room for it.", schema: "Problem" },
    },
    handle: async ({ incoming }) => {
      const read = await readJson(incoming);
      if (!read.ok) return read.error;
      const parsed = v.safeParse(body, read.value);
      if (!parsed.success) return problem(400, `send {"name": ..., "room": ...}, each of ${RULE}`);
      const done = readSide.rename?.(parsed.output);
      if (done === undefined) return problem(404, "this node keeps no names");
      if (!done.ok) return problem(done.error.status, done.error.detail);
      return json(selfDocument(readSide.self()));
    },
  };
}
