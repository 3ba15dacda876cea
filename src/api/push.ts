import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";
import type { PushedReading } from "../node/read-side.ts";
import { isBooleanKind, isKind, KIND_NAMES } from "../reading/kind.ts";
import { isName } from "../reading/reading.ts";

const name = (what: string) =>
  v.pipe(v.string(), v.check(isName, `${what} has lower-case letters, digits, "-", "_" and "."`));

const pushed = v.pipe(
  v.strictObject({
    sensor: name("a sensor's own name, without its node's,"),
    kind: v.pipe(
      v.string(),
      v.check(isKind, `a kind is one of ${KIND_NAMES.join(", ")}`),
      v.transform((text) => text as PushedReading["kind"]),
    ),
    value: v.union(
      [v.pipe(v.number(), v.finite()), v.boolean()],
      "a value is a number or a boolean",
    ),
    room: v.optional(name("a room's name")),
    passage: v.optional(v.picklist(["in", "out"], 'a passage is "in" or "out"')),
  }),
  v.check(
    ({ kind, value }) =>
      isBooleanKind(kind)
        ? value === true || value === false || value === 0 || value === 1
        : typeof value === "number",
    "motion and contact are true or false; every other kind is a number",
  ),
);

/** The readings in a body, or what is wrong with it in one line. */
export function parsePush(document: unknown): Result<readonly PushedReading[]> {
  const parsed = Array.isArray(document)
    ? v.safeParse(v.array(pushed), document, { abortEarly: true })
    : v.safeParse(
        v.pipe(
          pushed,
          v.transform((one) => [one]),
        ),
        document,
        { abortEarly: true },
      );
  if (parsed.success) return ok(parsed.output.map(withoutAbsent));
  const [issue] = parsed.issues;
  const path = v.getDotPath(issue);
  return err(path === null ? issue.message : `${path}: ${issue.message}`);
}

/** What is absent stays absent, rather than there and undefined. */
function withoutAbsent(reading: v.InferOutput<typeof pushed>): PushedReading {
  const { sensor, kind, value, room, passage } = reading;
  return {
    ...{ sensor, kind, value },
    ...(room === undefined ? {} : { room }),
    ...(passage === undefined ? {} : { passage }),
  };
}
