import assert from "node:assert/strict";
import test from "node:test";
import type { NodeId } from "../../src/base/id.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { InvitationParts } from "../../src/node/invitations.ts";
import { WaitingRoom } from "../../src/node/waiting-room.ts";
import { knockKey, knockRecord, refusedKey } from "../../src/office/admissions.ts";
import { idOf } from "../integration/api-fake-office.ts";
import { Site } from "./office-site.ts";

const NEWCOMER = idOf(9);

/** What one node sees of who knocks, where these are the admins. */
function roomAt(site: Site, admins: readonly NodeId[]): WaitingRoom {
  const notary = { powerOf: (id: NodeId) => (admins.includes(id) ? "admin" : "member") };
  const { self, replica } = site;
  const parts = { self, replica, clock: new ManualClock(), notary, node: {} };
  return new WaitingRoom(parts as unknown as InvitationParts);
}

test("only who may let in keeps somebody out, whoever writes that they are refused", () => {
  const [here, member, admin] = [new Site(1, "here"), new Site(2, "member"), new Site(3, "admin")];
  const knock = knockRecord.encode({ name: "new", address: "192.0.2.9:7946", proof: undefined });
  here.write(knockKey(NEWCOMER), knock, 0);
  const room = roomAt(here, [admin.self]);
  const waiting = () => room.pending().map(({ id }) => id);
  member.write(refusedKey(NEWCOMER), new Uint8Array(), 0);
  here.hear(member, 0);
  assert.deepEqual(waiting(), [NEWCOMER]);
  assert.equal(room.isRefused(NEWCOMER), false);
  admin.write(refusedKey(NEWCOMER), new Uint8Array(), 0);
  here.hear(admin, 0);
  assert.deepEqual(waiting(), []);
  assert.equal(room.isRefused(NEWCOMER), true);
});
