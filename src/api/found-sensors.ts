import type { ReadSide } from "../node/read-side.ts";
import { json } from "./answer.ts";
import { problem } from "./problems.ts";
import type { Route } from "./router.ts";
import type { BusesDocument } from "./types.ts";

/** What is wired to this machine, with the lines to paste for what is not configured. */
export function foundSensorsRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/sensors/found",
    access: "open",
    summary: "What is on this machine's buses, with the lines to paste for what is not used yet",
    answers: {
      200: { says: "What was found.", schema: "Buses" },
      404: { says: "This node looks at no buses.", schema: "Problem" },
    },
    handle: async () => {
      const seen = await readSide.search?.();
      if (seen === undefined) return problem(404, "this node looks at no buses");
      const { lines, ...told } = seen;
      const yaml = lines.length === 0 ? "" : `${lines.join("\n")}\n`;
      return json({ ...told, yaml } satisfies BusesDocument);
    },
  };
}
