import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  type AddressClaim,
  claimsOf,
  currentAddresses,
  deviceViews,
  nextVersions,
  sightings,
} from "../../src/office/network.ts";
import { deviceKey, deviceRecord } from "../../src/office/records.ts";
import { meet, Site } from "../unit/office-site.ts";

const KEEP_MS = 3_600_000_000;
const STEP_MS = 10_000;
const MACS = ["3c:22:fb:00:00:01", "3c:22:fb:00:00:02", "3c:22:fb:00:00:03"];
const IPS = ["10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"];

interface Look {
  readonly site: number;
  readonly mac: number;
  readonly ip: number;
  readonly confirmedMs: number;
  /** Who has heard all by then. */
  readonly met: readonly number[];
}

/** A site tells of a device as a node does. */
function tell(
  site: Site,
  mac: string,
  seen: readonly (readonly [string, number])[],
  nowMs: number,
) {
  const addresses = seen.map(([ip, ageMs]) => ({ ip, ageMs }));
  const known = [...sightings(site.replica, nowMs)].flatMap(claimsOf);
  const versions = nextVersions({ mac, observer: site.self }, addresses, known);
  const agesMs = addresses.map(({ ageMs }) => ageMs);
  const record = deviceRecord.encode({
    ips: addresses.map(({ ip }) => ip),
    confirmedMs: Math.min(...agesMs),
    proofs: { agesMs, versions: [...versions] },
  });
  site.write(deviceKey(mac), record, nowMs);
}

const map = (site: Site, nowMs: number) =>
  deviceViews(site.replica, KEEP_MS, nowMs).map(({ mac, ips }) => [mac, ips]);
const shown = (site: Site, nowMs: number) =>
  new Map(deviceViews(site.replica, KEEP_MS, nowMs).map(({ mac, ip }) => [mac, ip]));

const look: fc.Arbitrary<Look> = fc.record({
  site: fc.nat(2),
  mac: fc.nat(MACS.length - 1),
  ip: fc.nat(IPS.length - 1),
  confirmedMs: fc.nat(60_000),
  met: fc.uniqueArray(fc.nat(2)),
});

test("law: any order of arrival gives one map, and no address twice", () => {
  const order = fc.array(fc.nat(2), { maxLength: 6 });
  fc.assert(
    fc.property(fc.array(look, { maxLength: 25 }), order, (looks, arrivals) => {
      const sites = [new Site(1, "a"), new Site(2, "b"), new Site(3, "c")];
      const at = (index: number) => sites[index] as Site;
      let nowMs = 0;
      for (const { site, mac, ip, confirmedMs, met } of looks) {
        nowMs += STEP_MS;
        tell(at(site), MACS[mac] as string, [[IPS[ip] as string, confirmedMs]], nowMs);
        meet(met.map(at), nowMs);
      }
      const late = new Site(4, "late");
      for (const from of arrivals) {
        late.hear(at(from), nowMs);
        nowMs += STEP_MS;
      }
      meet([...sites, late], nowMs);
      const [first, ...others] = [...sites, late].map((site) => map(site, nowMs));
      for (const other of others) assert.deepEqual(other, first);
      const all = (first ?? []).flatMap(([, ips]) => ips);
      assert.equal(new Set(all).size, all.length, "two devices at one address");
    }),
  );
});

test("law: the fold does not hang on the order of claims", () => {
  const claim = fc.record({
    mac: fc.constantFrom(...MACS),
    ip: fc.constantFrom(...IPS),
    observer: fc.constantFrom(...[1, 2, 3].map((at) => new Site(at, "x").self)),
    version: fc.nat(3),
    ageMs: fc.nat(5),
    place: fc.nat(2),
    stamp: fc.record({ wallMs: fc.nat(2), counter: fc.nat(1) }),
  });
  const entries = (claims: readonly AddressClaim[]) =>
    [...currentAddresses(claims)].sort(([left], [right]) => (left < right ? -1 : 1));
  fc.assert(
    fc.property(
      fc
        .array(claim, { maxLength: 12 })
        .chain((claims) =>
          fc.tuple(fc.constant(claims), fc.shuffledSubarray(claims, { minLength: claims.length })),
        ),
      ([claims, shuffled]) => assert.deepEqual(entries(shuffled), entries(claims)),
    ),
  );
});

test("law: who has heard all and has the newest proof is right for everybody", () => {
  fc.assert(
    fc.property(fc.array(look, { minLength: 1, maxLength: 25 }), look, (looks, last) => {
      const sites = [new Site(1, "a"), new Site(2, "b", 4e11), new Site(3, "c", -5e5)];
      const at = (index: number) => sites[index] as Site;
      let nowMs = 0;
      for (const { site, mac, ip, confirmedMs, met } of looks) {
        nowMs += STEP_MS;
        tell(at(site), MACS[mac] as string, [[IPS[ip] as string, confirmedMs]], nowMs);
        meet(met.map(at), nowMs);
      }
      meet(sites, nowMs);
      nowMs += STEP_MS;
      const [mac, ip] = [MACS[last.mac] as string, IPS[last.ip] as string];
      tell(at(last.site), mac, [[ip, 0]], nowMs);
      meet(sites, nowMs);
      for (const site of sites) {
        assert.equal(shown(site, nowMs).get(mac), ip);
        const holders = map(site, nowMs).filter(([, ips]) => ips?.includes(ip));
        assert.equal(holders.length, 1, "the address is nobody else's now");
      }
    }),
  );
});

test("an address that another device took is not shown with the one that had it", () => {
  const [a, b] = [new Site(1, "a"), new Site(2, "b")] as const;
  const [phone, laptop] = MACS as [string, string, string];
  tell(a, phone, [["10.0.0.5", 0]], 0);
  meet([a, b], 0);
  tell(b, phone, [["10.0.0.6", 0]], 60_000);
  tell(b, laptop, [["10.0.0.5", 0]], 61_000);
  meet([a, b], 61_000);
  // It still has the phone's old address in its table, and tells of it with a new proof of the new.
  tell(
    a,
    phone,
    [
      ["10.0.0.6", 0],
      ["10.0.0.5", 300_000],
    ],
    300_000,
  );
  meet([a, b], 300_000);
  for (const site of [a, b]) {
    assert.deepEqual(map(site, 300_000), [
      [phone, ["10.0.0.6"]],
      [laptop, ["10.0.0.5"]],
    ]);
  }
  const moved = [
    ["10.0.0.6", 0],
    ["10.0.0.5", 339_000],
  ] as const;
  tell(b, laptop, moved, 400_000);
  meet([a, b], 400_000);
  assert.deepEqual(map(a, 400_000), [[laptop, ["10.0.0.6", "10.0.0.5"]]], "the phone has none");
});

test("an old proof, told late, outdoes nothing", () => {
  const [a, b] = [new Site(1, "a"), new Site(2, "b")] as const;
  const [phone] = MACS as [string, string, string];
  tell(a, phone, [["10.0.0.5", 0]], 100_000);
  meet([a, b], 100_000);
  // Its table has the phone from an hour ago, as after a restart.
  tell(b, phone, [["10.0.1.9", 3_600_000]], 110_000);
  meet([a, b], 110_000);
  for (const site of [a, b]) assert.equal(shown(site, 110_000).get(phone), "10.0.0.5");
  tell(b, phone, [["10.0.1.9", 0]], 120_000);
  meet([a, b], 120_000);
  for (const site of [a, b]) assert.equal(shown(site, 120_000).get(phone), "10.0.1.9");
});
