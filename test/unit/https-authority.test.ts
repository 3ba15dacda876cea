import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { silentLog } from "../../src/base/log.ts";
import { type Clock, MINUTE_MS } from "../../src/base/time.ts";
import { CERTIFICATE_LIFE_MS, CertificateIssuer } from "../../src/node/certificate-issuer.ts";
import { HttpsAuthority } from "../../src/node/https-authority.ts";
import {
  AUTHORITY_KEY,
  authorityOf,
  authorityRecord,
  certificateOf,
  hostsTold,
  REQUEST_KEY,
  requestRecord,
} from "../../src/office/https.ts";
import { NODE_KEY, nodeRecord } from "../../src/office/records.ts";
import { meet, Site } from "./office-site.ts";

const CLOCK_SET_MS = 500_000;

/** An issuer on a site, whose time goes on when a test says so. */
function issuerOn(site: Site, admins: readonly Site[]) {
  let nowMs = 0;
  let look = () => {};
  let minted = 0;
  const clock = { monotonicMs: () => nowMs, wallMs: () => site.wall(nowMs) } as Clock;
  const isAdmin = (id: string) => admins.some(({ self }) => self === id);
  new CertificateIssuer({
    ...site,
    replica: site.replica,
    node: {
      isClone: false,
      every: (_, callback) => {
        look = callback;
      },
      write: (key, value) => {
        site.write(key, value, nowMs);
        return { ok: true, value: undefined };
      },
    },
    clock,
    log: silentLog,
    authority: new HttpsAuthority(site.replica, isAdmin),
    admins: () => admins.map(({ self }) => self),
    clockSetMs: CLOCK_SET_MS,
    mint: {
      authority: async (madeWallMs) => ({ certificate: utf8(site.name), madeWallMs }),
      issue: async () => {
        minted += 1;
        return utf8(`certificate ${minted}`);
      },
    },
  }).start();
  return {
    /** Looks a second later, until all that it started is done. */
    at: async (ms: number) => {
      nowMs = ms;
      look();
      await new Promise((resolve) => setImmediate(resolve));
    },
    get minted() {
      return minted;
    },
  };
}

/** Tells a site's addresses, and asks for a certificate. */
function asks(site: Site, addresses: readonly string[], nowMs = 0, name = site.name): void {
  const api = addresses.map((address) => `https://${address}:8443`);
  const record = { name, room: "lab", version: "1", addresses: [], api };
  site.write(NODE_KEY, nodeRecord.encode(record), nowMs);
  site.write(REQUEST_KEY, requestRecord.encode({ key: utf8(`key of ${site.name}`) }), nowMs);
}

const namesOf = (holder: Site, of: Site) =>
  certificateOf(holder.replica, holder.self, of.self)?.names;

test("a node is signed what it tells, as far as that is private", () => {
  const site = new Site(1, "lab");
  const told = ["10.1.2.3", "8.8.8.8", "192.168.1.7", "172.32.0.1", "100.127.0.9", "[fd00::1]"];
  asks(site, [...told, "[2001:db8::1]", "bank.example", "10.1.2.300"]);
  const found = hostsTold(site.replica, site.self);
  assert.deepEqual(found, ["lab.local", "10.1.2.3", "192.168.1.7", "100.127.0.9", "fd00::1"]);
});

test("an admin becomes the authority where nobody is, and waits for a clock", async () => {
  const site = new Site(1, "lab", CLOCK_SET_MS - 1_000_000 - 10_000);
  const issuer = issuerOn(site, [site]);
  const isThere = () => authorityOf(site.replica, () => true) !== undefined;
  for (const ms of [1_000, 5_000, 9_000]) await issuer.at(ms);
  assert.equal(isThere(), false, "the clock was never set");
  await issuer.at(11_000);
  await issuer.at(13_000);
  assert.equal(isThere(), false, "another one may be heard of");
  await issuer.at(14_000);
  assert.equal(isThere(), true);
});

test("of two authorities the older one stays; what a member says is none", async () => {
  const [older, newer, member] = [new Site(3, "a"), new Site(1, "b"), new Site(2, "c")];
  const said = (madeWallMs: number) =>
    authorityRecord.encode({ certificate: utf8("x"), madeWallMs });
  older.write(AUTHORITY_KEY, said(200), 0);
  newer.write(AUTHORITY_KEY, said(300), 0);
  member.write(AUTHORITY_KEY, said(100), 0);
  meet([older, newer, member], 1_000);
  const isAdmin = (id: string) => id !== member.self;
  assert.equal(authorityOf(newer.replica, isAdmin)?.node, older.self);
  const issuer = issuerOn(newer, [older, newer]);
  await issuer.at(2_000);
  assert.equal(newer.replica.get(newer.self, AUTHORITY_KEY)?.entry.value, undefined);
});

test("nobody is signed what another living node was signed before", async () => {
  const [admin, honest, thief] = [new Site(1, "lab"), new Site(2, "hall"), new Site(3, "thief")];
  const issuer = issuerOn(admin, [admin]);
  asks(honest, ["10.0.0.2", "127.0.0.1"]);
  meet([admin, honest, thief], 0);
  for (const ms of [0, 3_000, 4_000]) await issuer.at(ms);
  assert.deepEqual(namesOf(admin, honest), ["hall.local", "10.0.0.2", "127.0.0.1"]);
  asks(thief, ["10.0.0.2", "10.0.0.3", "127.0.0.1"], 5_000, "hall");
  meet([admin, honest, thief], 5_000);
  await issuer.at(6_000);
  assert.deepEqual(namesOf(admin, thief), ["10.0.0.3", "127.0.0.1"]);
  // The address is another one's when its former holder tells it no more.
  asks(honest, ["10.0.0.9"], 7_000);
  meet([admin, honest, thief], 7_000);
  await issuer.at(8_000);
  assert.equal(issuer.minted, 2, "one certificate a node and minute");
  const speakAndLook = async (ms: number) => {
    asks(honest, ["10.0.0.9"], ms);
    meet([admin, honest, thief], ms);
    await issuer.at(ms);
  };
  await speakAndLook(7_000 + MINUTE_MS);
  assert.deepEqual(namesOf(admin, honest), ["hall.local", "10.0.0.9"]);
  assert.deepEqual(namesOf(admin, thief), ["10.0.0.2", "10.0.0.3", "127.0.0.1"]);
  const { minted } = issuer;
  await speakAndLook(7_000 + 3 * MINUTE_MS);
  assert.equal(issuer.minted, minted, "all have what they need");
  await speakAndLook(CERTIFICATE_LIFE_MS / 2 + 10 * MINUTE_MS);
  assert.equal(issuer.minted, minted + 2, "renewed at half of its life");
  // A new card in an old machine has its name; the old card is silent.
  asks(thief, ["10.0.0.2"], CERTIFICATE_LIFE_MS, "hall");
  meet([admin, thief], CERTIFICATE_LIFE_MS);
  await issuer.at(CERTIFICATE_LIFE_MS);
  assert.equal(namesOf(admin, thief)?.[0], "hall.local");
});

test("who wants no certificate any more has none", async () => {
  const [admin, other] = [new Site(1, "lab"), new Site(2, "hall")];
  const issuer = issuerOn(admin, [admin]);
  asks(other, ["10.0.0.2"]);
  meet([admin, other], 0);
  for (const ms of [0, 3_000, 4_000]) await issuer.at(ms);
  assert.notEqual(namesOf(admin, other), undefined);
  other.write(REQUEST_KEY, undefined, 5_000);
  meet([admin, other], 5_000);
  await issuer.at(6_000);
  assert.equal(namesOf(admin, other), undefined);
});
