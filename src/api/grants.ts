import * as v from "valibot";
import { parseNodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { GrantRequest, GrantSide, GrantView, ReadSide } from "../node/read-side.ts";
import { GRANT_NAME_BYTES_MAX } from "../office/grants.ts";
import { isName } from "../reading/reading.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { readJson } from "./body.ts";
import { ACTIONS, actionOf } from "./commands.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";
import type { GrantDocument, MadeGrantDocument } from "./types.ts";

const PATH = "/v1/grants";
/** Ten years: longer than a Pi lasts. A guess. */
const LASTS_S_MAX = 10 * 365 * 24 * 3_600;

const action = v.picklist(
  Object.keys(ACTIONS) as (keyof typeof ACTIONS)[],
  `can: one of ${Object.keys(ACTIONS).join(", ")}`,
);
const body = v.strictObject({
  can: action,
  room: v.optional(v.pipe(v.string(), v.check(isName, "room: a room's name"))),
  name: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'-]*$/u.test(text), "name: a name"),
      v.check(
        (text) => Buffer.byteLength(text) <= GRANT_NAME_BYTES_MAX,
        `name: ${GRANT_NAME_BYTES_MAX} bytes at most`,
      ),
    ),
  ),
  key: v.pipe(
    v.string("key: the did:key that is to use it"),
    v.check((text) => parseNodeId(text) !== undefined, "key: an Ed25519 did:key"),
  ),
  /** Null: it does not expire. */
  expires_s: v.nullable(
    v.pipe(
      v.number("expires_s: seconds, or null for a grant that does not expire"),
      v.integer("expires_s: whole seconds"),
      v.minValue(1, "expires_s: a second at least"),
      v.maxValue(LASTS_S_MAX, "expires_s: ten years at most"),
    ),
  ),
});

const refusals = {
  409: { says: "Another node runs under this one's identity.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;

/** What people are allowed: listed, made and taken back on any node. */
export function grantRoutes({ grants }: ReadSide): readonly Route[] {
  if (grants === undefined) return [];
  return [
    {
      method: "GET",
      path: PATH,
      access: "people",
      summary: "The grants that stand, whichever node made them",
      answers: { 200: { says: "The grants.", schema: "[Grant]" } },
      handle: () => json(grants.list().map(grantDocument)),
    },
    {
      method: "GET",
      path: `${PATH}/{id}`,
      access: "open",
      summary: "A grant's delegations, by its id or its key: of use to who has the key alone",
      answers: {
        200: { says: "The delegations.", schema: "GrantTokens" },
        404: { says: "No such grant stands.", schema: "Problem" },
      },
      handle: ({ params: { id = "" } }) => {
        const tokens = grants.tokens(id);
        if (tokens !== undefined) return json({ tokens });
        return problem(404, "no such grant stands: ask for a new one");
      },
    },
    {
      method: "POST",
      path: PATH,
      access: "write",
      summary:
        "Lets whoever holds a key do something; the key's private half stays with the caller",
      body: "GrantBody",
      answers: {
        201: { says: "The grant, and its delegations.", schema: "MadeGrant" },
        400: { says: "Not such a grant; `detail` says what is wrong.", schema: "Problem" },
        ...refusals,
        413: { says: "Over 64 KiB.", schema: "Problem" },
        415: { says: "Not JSON.", schema: "Problem" },
        503: { says: "The node's clock is not set, so nothing can expire.", schema: "Problem" },
      },
      handle: (asked) => make(grants, asked),
    },
    {
      method: "DELETE",
      path: `${PATH}/{id}`,
      access: "write",
      summary: "Takes a grant back for good, on every node",
      answers: {
        204: { says: "Taken back, and on the disk." },
        404: { says: "No such grant stands.", schema: "Problem" },
        ...refusals,
      },
      handle: ({ params: { id = "" } }) => {
        const done = grants.revoke(id);
        return done.ok ? nothing() : problem(done.error.status, done.error.detail);
      },
    },
  ];
}

async function make(grants: GrantSide, { incoming }: Asked): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const request = requestIn(read.value);
  if (!request.ok) return problem(400, request.error);
  const made = grants.make(request.value);
  if (!made.ok) return problem(made.error.status, made.error.detail);
  const { grant, tokens } = made.value;
  const document: MadeGrantDocument = { ...grantDocument(grant), tokens };
  return json(document, 201);
}

function requestIn(document: unknown): Result<GrantRequest> {
  const parsed = v.safeParse(body, document);
  if (!parsed.success) return err(parsed.issues[0].message);
  const { can, room, name, expires_s: lastsS } = parsed.output;
  const key = parseNodeId(parsed.output.key);
  if (key === undefined) return err("key: an Ed25519 did:key");
  if (room !== undefined && can !== "target") return err("a room can limit targets only");
  return ok({
    command: ACTIONS[can],
    key,
    ...(room !== undefined && { room }),
    ...(name !== undefined && { name }),
    ...(lastsS !== null && { lastsS }),
  });
}

function grantDocument({ id, command, room, name, key, by, expiresWallMs }: GrantView) {
  const document: GrantDocument = {
    id,
    can: actionOf(command),
    room: room ?? null,
    name: name ?? null,
    key,
    by,
    expires: expiresWallMs === undefined ? null : new Date(expiresWallMs).toISOString(),
  };
  return document;
}
