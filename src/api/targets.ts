import * as v from "valibot";
import type { ReadSide, TargetSide } from "../node/read-side.ts";
import { isBooleanKind, isKind, KIND_NAMES, type Kind } from "../reading/kind.ts";
import { isName } from "../reading/reading.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { readJson } from "./body.ts";
import { targetDocument } from "./documents.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

const PATH = "/v1/targets/{room}/{kind}";
const body = v.strictObject({
  value: v.union([v.pipe(v.number(), v.finite()), v.boolean()], "value: a number or a boolean"),
});

const refusals = {
  400: { says: "No such room's name, kind or value; `detail` says which.", schema: "Problem" },
  409: { says: "Another node runs under this one's identity.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;

/** What people want of a room. */
export function targetRoutes({ targets }: ReadSide): readonly Route[] {
  if (targets === undefined) return [];
  return [
    {
      method: "GET",
      path: PATH,
      access: "open",
      summary: "A room's target",
      answers: {
        200: { says: "The target.", schema: "RoomTarget" },
        400: refusals[400],
        404: { says: "No such target is set.", schema: "Problem" },
      },
      handle: ({ params }) => {
        const at = placeOf(params);
        if ("status" in at) return at;
        const target = targets.get(at.room, at.kind);
        if (target !== undefined) return json(targetDocument(target));
        return problem(404, `no target of ${at.kind} is set for ${at.room}`);
      },
    },
    {
      method: "PUT",
      path: PATH,
      access: "write",
      summary: "Sets a target; answers when it is on the disk",
      body: "TargetBody",
      answers: {
        200: { says: "The target as it is stored.", schema: "RoomTarget" },
        ...refusals,
        413: { says: "Over 64 KiB.", schema: "Problem" },
        415: { says: "Not JSON.", schema: "Problem" },
        422: { says: "A value that can't be.", schema: "Problem" },
      },
      handle: (asked) => set(targets, asked),
    },
    {
      method: "DELETE",
      path: PATH,
      access: "write",
      summary: "Clears a target; one that is not set is no error",
      answers: { 204: { says: "No such target is set any more." }, ...refusals },
      handle: ({ params }) => {
        const at = placeOf(params);
        if ("status" in at) return at;
        const done = targets.clear(at.room, at.kind);
        return done.ok ? nothing() : problem(done.error.status, done.error.detail);
      },
    },
  ];
}

async function set(targets: TargetSide, { params, incoming }: Asked): Promise<Answer> {
  const at = placeOf(params);
  if ("status" in at) return at;
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(body, read.value);
  if (!parsed.success) return problem(400, 'send {"value": ...}, a number or a boolean');
  const { value } = parsed.output;
  if (isBooleanKind(at.kind) !== (typeof value === "boolean")) {
    const wanted = isBooleanKind(at.kind) ? "true or false" : "a number";
    return problem(400, `a ${at.kind} is ${wanted}`);
  }
  const done = targets.set(at.room, at.kind, Number(value));
  return done.ok ? json(targetDocument(done.value)) : problem(done.error.status, done.error.detail);
}

function placeOf({ room = "", kind = "" }: Asked["params"]): { room: string; kind: Kind } | Answer {
  if (!isName(room)) {
    return problem(400, 'a room\'s name has lower-case letters, digits, "-", "_" and "."');
  }
  if (!isKind(kind)) return problem(400, `unknown kind; there are: ${KIND_NAMES.join(", ")}`);
  return { room, kind };
}
