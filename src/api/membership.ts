import * as v from "valibot";
import { SECOND_MS } from "../base/time.ts";
import type {
  MadeInvitation,
  OwnMembership,
  PendingNode,
  ToldInvitation,
} from "../node/membership-views.ts";
import type { MembershipSide, ReadSide, WriteRefusal } from "../node/read-side.ts";
import { isName } from "../reading/reading.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { readJson } from "./body.ts";
import { instant } from "./documents.ts";
import type {
  InvitationDocument,
  MembershipDocument,
  PendingDocument,
} from "./membership-types.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";

const USES_MAX = 1_000;
const YEAR_S = 365 * 86_400;
const DAY_S = 86_400;

const USES_ALLOWED = `uses: a whole number from 1 to ${USES_MAX}`;
const EXPIRES_ALLOWED = "expires_s: from a second to a year";
const power = v.optional(v.picklist(["member", "admin"], "power: member or admin"), "member");
const invitationBody = v.strictObject({
  uses: v.optional(
    v.pipe(
      v.number(USES_ALLOWED),
      v.integer(USES_ALLOWED),
      v.minValue(1, USES_ALLOWED),
      v.maxValue(USES_MAX, USES_ALLOWED),
    ),
    1,
  ),
  expires_s: v.optional(
    v.pipe(v.number(), v.minValue(1, EXPIRES_ALLOWED), v.maxValue(YEAR_S, EXPIRES_ALLOWED)),
    DAY_S,
  ),
  power,
  name: v.optional(v.pipe(v.string(), v.check(isName, "name: not a node's name"))),
});
const admitBody = v.strictObject({ power });

const refusals = {
  404: { says: "There is no such one.", schema: "Problem" },
  409: { says: "This node may not, or can't now; `detail` says who may.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;
const bodyRefusals = {
  400: { says: "Not understood; `detail` says what is wrong.", schema: "Problem" },
  413: { says: "Over 64 KiB.", schema: "Problem" },
  415: { says: "Not JSON.", schema: "Problem" },
} as const;

/** Invitations, those who wait to be let in, and the putting out of nodes. */
export function membershipRoutes({ membership }: ReadSide): readonly Route[] {
  if (membership === undefined) return [];
  return [
    {
      method: "GET",
      path: "/v1/membership",
      access: "open",
      summary: "Which mesh this is, what this node may do in it, and who may let others in",
      answers: { 200: { says: "The membership.", schema: "Membership" } },
      handle: () => json(membershipDocument(membership.own())),
    },
    ...invitationRoutes(membership),
    ...pendingRoutes(membership),
    {
      method: "DELETE",
      path: "/v1/nodes/{id}",
      access: "write",
      summary: "Puts a node out of the mesh for good, and drops all that it wrote, everywhere",
      answers: { 200: { says: "Who was put out.", schema: "Forgotten" }, ...refusals },
      handle: ({ params }) => {
        const done = membership.forget(params.id ?? "");
        return done.ok ? json(done.value) : refusal(done.error);
      },
    },
  ];
}

function invitationRoutes(membership: MembershipSide): readonly Route[] {
  const path = "/v1/invitations";
  return [
    {
      method: "GET",
      path,
      access: "write",
      summary: "Every invitation, used and over ones too; never its code",
      answers: { 200: { says: "The invitations.", schema: "[Invitation]" } },
      handle: () => json(membership.invitations().map(invitationDocument)),
    },
    {
      method: "POST",
      path,
      access: "write",
      summary: "Makes an invitation; its code is told this once",
      body: "InvitationBody",
      answers: {
        201: { says: "The invitation with its code.", schema: "Invitation" },
        ...bodyRefusals,
        409: refusals[409],
        507: refusals[507],
      },
      handle: (asked) => invite(membership, asked),
    },
    {
      method: "DELETE",
      path: `${path}/{id}`,
      access: "write",
      summary: "Takes an invitation back, everywhere and for good",
      answers: { 204: { says: "Nobody comes in by it any more." }, ...refusals },
      handle: ({ params }) => {
        const done = membership.revoke(params.id ?? "");
        return done.ok ? nothing() : refusal(done.error);
      },
    },
  ];
}

function pendingRoutes(membership: MembershipSide): readonly Route[] {
  const path = "/v1/pending";
  return [
    {
      method: "GET",
      path,
      access: "open",
      summary: "Nodes that ask to be let in, wherever they knock",
      answers: { 200: { says: "Those who wait.", schema: "[Pending]" } },
      handle: () => json(membership.pending().map(pendingDocument)),
    },
    {
      method: "POST",
      path: `${path}/{id}`,
      access: "write",
      summary: "Lets in who waits, by fingerprint or id; or makes a node that is in an admin",
      body: "AdmitBody",
      answers: {
        200: { says: "Who was let in.", schema: "Admitted" },
        ...bodyRefusals,
        ...refusals,
      },
      handle: (asked) => admit(membership, asked),
    },
    {
      method: "DELETE",
      path: `${path}/{id}`,
      access: "write",
      summary: "Sends away who waits",
      answers: { 204: { says: "It is told no." }, ...refusals },
      handle: ({ params }) => {
        const done = membership.refuse(params.id ?? "");
        return done.ok ? nothing() : refusal(done.error);
      },
    },
  ];
}

async function invite(membership: MembershipSide, { incoming }: Asked): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(invitationBody, read.value);
  if (!parsed.success) return problem(400, parsed.issues[0].message);
  const { expires_s, name, ...same } = parsed.output;
  const named = name === undefined ? {} : { name };
  const made = membership.invite({ ...same, expiresMs: expires_s * SECOND_MS, ...named });
  if (!made.ok) return refusal(made.error);
  return json({ ...invitationDocument(made.value), code: made.value.code }, 201);
}

async function admit(membership: MembershipSide, { incoming, params }: Asked): Promise<Answer> {
  const read = await readJson(incoming);
  if (!read.ok) return read.error;
  const parsed = v.safeParse(admitBody, read.value);
  if (!parsed.success) return problem(400, parsed.issues[0].message);
  const done = membership.admit(params.id ?? "", parsed.output.power);
  return done.ok ? json({ id: done.value.id }) : refusal(done.error);
}

function refusal({ status, detail }: WriteRefusal): Answer {
  return problem(status, detail);
}

function membershipDocument({ admins, ...own }: OwnMembership): MembershipDocument {
  return { ...own, admins: admins.map(({ isAlive, ...one }) => ({ ...one, alive: isAlive })) };
}

function invitationDocument(told: ToldInvitation | MadeInvitation): InvitationDocument {
  const { id, name, power: given, uses, used, expiresWallMs, by, state } = told;
  const expires = instant(expiresWallMs);
  return { id, name: name ?? null, power: given, uses, used, expires, by, state };
}

export function pendingDocument({ seenBy, ...pending }: PendingNode): PendingDocument {
  return { ...pending, seen_by: seenBy };
}
