import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";
import type { CalibrationRequest, ReadSide } from "../node/read-side.ts";
import { isKind, KIND_NAMES } from "../reading/kind.ts";
import { type Answer, json } from "./answer.ts";
import { readJson } from "./body.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

const number = v.pipe(v.number("a number"), v.finite("a number"));
const kind = v.pipe(
  v.string(),
  v.check(isKind, `a kind is one of ${KIND_NAMES.join(", ")}`),
  v.transform((text) => text as CalibrationRequest["kind"]),
);
const request = v.union(
  [
    v.strictObject({ kind, offset: number }),
    v.strictObject({ kind, raw: number, reference: number }),
  ],
  "send {kind, offset}, or {kind, raw, reference}",
);

function parse(document: unknown): Result<CalibrationRequest> {
  const parsed = v.safeParse(request, document);
  return parsed.success ? ok(parsed.output) : err(parsed.issues[0].message);
}

/** Sets the offset of one of this node's own sensors. */
export function calibrationRoute(readSide: ReadSide): Route {
  return {
    method: "POST",
    path: "/v1/sensors/{sensor}/calibration",
    access: "write",
    summary: "Sets what is added to a sensor's values, kept by the whole mesh; 0 takes it back",
    body: "CalibrationBody",
    answers: {
      200: { says: "The offset as it is kept.", schema: "Calibration" },
      400: { says: "Not such a calibration; `detail` says what is wrong.", schema: "Problem" },
      404: { says: "This node has no such sensor.", schema: "Problem" },
      409: { says: "Another node runs under this one's identity.", schema: "Problem" },
      413: { says: "Over 64 KiB.", schema: "Problem" },
      415: { says: "Not JSON.", schema: "Problem" },
      422: { says: "An offset that can't be.", schema: "Problem" },
      507: { says: "The node has no room for it.", schema: "Problem" },
    },
    handle: (asked) => calibrate(readSide, asked),
  };
}

async function calibrate(readSide: ReadSide, { incoming, params }: Asked): Promise<Answer> {
  const body = await readJson(incoming);
  if (!body.ok) return body.error;
  const wanted = parse(body.value);
  if (!wanted.ok) return problem(400, wanted.error);
  const done = readSide.calibrate?.(params.sensor ?? "", wanted.value);
  if (done === undefined) return problem(404, "this node keeps no calibrations");
  return done.ok ? json(done.value) : problem(done.error.status, done.error.detail);
}
