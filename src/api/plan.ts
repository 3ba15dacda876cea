import * as v from "valibot";
import type { PlanSide, ReadSide } from "../node/read-side.ts";
import { PICTURE_BYTES_MAX, PICTURE_TYPES } from "../office/plan.ts";
import { isName } from "../reading/reading.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { readJson } from "./body.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";
import type { PlanDocument } from "./types.ts";

const PICTURE_PATH = "/v1/plan/picture";
/** Rooms that are placed at once; an office has fewer. A guess. */
const PLACES_MAX = 256;

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const placesBody = v.strictObject({
  places: v.pipe(
    v.record(
      v.pipe(v.string(), v.check(isName)),
      v.nullable(v.strictObject({ x: share, y: share })),
    ),
    v.maxEntries(PLACES_MAX),
  ),
});
const pictureBody = v.strictObject({
  type: v.picklist(PICTURE_TYPES),
  data: v.pipe(v.string(), v.base64()),
});

/** A picture is shown and no more: whatever an SVG holds, nothing of it runs or is loaded. */
const PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

const refusals = {
  400: { says: "Not such a plan; `detail` says what fits.", schema: "Problem" },
  409: { says: "Another node runs under this one's identity.", schema: "Problem" },
  413: { says: "Over 64 KiB.", schema: "Problem" },
  415: { says: "Not JSON.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;

/** The office's floor plan, the same on every node. */
export function planRoutes({ plan }: ReadSide): readonly Route[] {
  if (plan === undefined) return [];
  return [
    {
      method: "GET",
      path: "/v1/plan",
      access: "open",
      summary: "Where rooms lie on the floor plan, from 0 to 1 of its width and height",
      answers: { 200: { says: "The plan.", schema: "Plan" } },
      handle: () => json(planDocument(plan)),
    },
    {
      method: "PUT",
      path: "/v1/plan",
      access: "write",
      summary: "Places rooms; null takes one off, and those that are not named stay",
      body: "PlanBody",
      answers: { 200: { says: "The plan as it is now.", schema: "Plan" }, ...refusals },
      handle: (asked) => place(plan, asked),
    },
    {
      method: "GET",
      path: PICTURE_PATH,
      access: "open",
      summary: "The floor plan's picture",
      answers: {
        200: { says: "The picture.", type: "image/*" },
        404: { says: "There is none.", schema: "Problem" },
      },
      handle: () => {
        const picture = plan.picture();
        if (picture === undefined) return problem(404, `PUT one to ${PICTURE_PATH}`);
        const headers = {
          "Content-Type": picture.type,
          "Cache-Control": "no-cache",
          "Content-Security-Policy": PICTURE_POLICY,
        };
        return { status: 200, headers, body: picture.bytes };
      },
    },
    {
      method: "PUT",
      path: PICTURE_PATH,
      access: "write",
      summary: "Sets the picture for the whole mesh: SVG, PNG or WebP, 48 kB at most",
      body: "PictureBody",
      answers: { 204: { says: "Every node will have it." }, ...refusals },
      handle: (asked) => draw(plan, asked),
    },
  ];
}

function planDocument(plan: PlanSide): PlanDocument {
  return {
    picture: plan.picture() === undefined ? null : PICTURE_PATH,
    places: Object.fromEntries(plan.places()),
  };
}

async function place(plan: PlanSide, { incoming }: Asked): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(placesBody, read.value);
  if (!parsed.success) return problem(400, 'send {"places": {"kitchen": {"x": 0.5, "y": 0.2}}}');
  for (const [room, at] of Object.entries(parsed.output.places)) {
    const done = plan.place(room, at ?? undefined);
    if (!done.ok) return problem(done.error.status, done.error.detail);
  }
  return json(planDocument(plan));
}

async function draw(plan: PlanSide, { incoming }: Asked): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(pictureBody, read.value);
  if (!parsed.success) {
    return problem(400, `send {"type": ..., "data": base64}; types: ${PICTURE_TYPES.join(", ")}`);
  }
  const bytes = new Uint8Array(Buffer.from(parsed.output.data, "base64"));
  if (bytes.length > PICTURE_BYTES_MAX || bytes.length === 0) {
    return problem(413, `a picture may have ${PICTURE_BYTES_MAX} bytes: make it simpler`);
  }
  const done = plan.draw({ type: parsed.output.type, bytes });
  return done.ok ? nothing() : problem(done.error.status, done.error.detail);
}
