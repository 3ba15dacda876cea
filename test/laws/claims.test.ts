import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toHex } from "../../src/base/bytes.ts";
import { personKey } from "../../src/base/person-name.ts";
import {
  claimKey,
  claims,
  encodeClaim,
  encodeUnclaim,
  nextTag,
  ownersByMac,
  unclaimKey,
  unclaimsToKeep,
} from "../../src/office/claims.ts";
import { RETRACTED_MAX } from "../../src/replica/writer.ts";
import { meet, Site } from "../unit/office-site.ts";

const MAC = "02:00:00:00:00:01";
const three = () => [new Site(1, "a"), new Site(2, "b"), new Site(3, "c")];

function claim(site: Site, person: string, nowMs = 0): void {
  const tag = nextTag(site.replica, site.self, MAC);
  site.write(claimKey(MAC, tag), encodeClaim(person), nowMs);
}

function unclaim(site: Site, person: string, nowMs = 0): void {
  const seen = claims(site.replica).filter((one) => one.person === person);
  if (seen.length === 0) return;
  site.write(unclaimKey(MAC), encodeUnclaim(site.replica, site.self, MAC, seen), nowMs);
}

const owners = ({ replica }: Site) => ownersByMac(replica).get(MAC) ?? [];

function holds({ replica }: Site, name: string): boolean {
  const held = [...replica.origins()].flatMap(({ rows }) => [...rows.values()]);
  return held.some(({ entry }) => Buffer.from(entry.body).includes(name));
}

const place = fc.nat(2);
const person = fc.constantFrom("ana", "bob");
const step = fc.oneof(
  fc.record({ type: fc.constant("claim" as const), at: place, person }),
  fc.record({ type: fc.constant("unclaim" as const), at: place, person }),
  fc.record({ type: fc.constant("hear" as const), at: place, from: place }),
);

test("whoever heard what when, all agree whose a device is, and hold the same bytes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 24 }), (steps) => {
      const sites = three();
      const at = (number: number) => sites[number] as Site;
      for (const one of steps) {
        if (one.type === "hear") at(one.at).hear(at(one.from), 0);
        else if (one.type === "claim") claim(at(one.at), one.person);
        else unclaim(at(one.at), one.person);
      }
      meet(sites, 1);
      meet(sites, 1);
      const [first] = sites as [Site];
      for (const site of sites) {
        assert.deepEqual(owners(site), owners(first));
        assert.equal(toHex(site.replica.digest()), toHex(first.replica.digest()));
      }
      for (const name of owners(first)) unclaim(first, name, 2);
      meet(sites, 3);
      for (const site of sites) {
        assert.deepEqual(owners(site), []);
        assert.ok(!holds(site, "ana") && !holds(site, "bob"));
      }
    }),
    { numRuns: 300 },
  );
});

test("a claim made while another half takes the device back stays", () => {
  const [a, b] = three() as [Site, Site];
  claim(a, "ana");
  meet([a, b], 1);
  unclaim(b, "ana", 2);
  claim(a, "ana", 2);
  meet([a, b], 3);
  assert.deepEqual([owners(a), owners(b)], [["ana"], ["ana"]]);
});

test("two people who claim one device are both told, and one goes alone", () => {
  const [a, b, c] = three() as [Site, Site, Site];
  claim(a, "ana");
  claim(b, "bob");
  meet([a, b, c], 1);
  assert.deepEqual(owners(c), ["ana", "bob"]);
  unclaim(c, "bob", 2);
  meet([a, b, c], 3);
  assert.deepEqual([owners(a), owners(b), holds(b, "bob")], [["ana"], ["ana"], false]);
});

test("who comes back with a name that was taken back brings it to nobody", () => {
  const [origin, b, off] = three() as [Site, Site, Site];
  claim(origin, "ana");
  meet([origin, b, off], 1);
  unclaim(b, "ana", 2);
  b.hear(off, 3);
  b.hear(origin, 3);
  assert.ok(!holds(b, "ana"));
  assert.ok(holds(off, "ana"), "it has not heard yet");
  off.hear(b, 4);
  assert.ok(!holds(off, "ana"));
});

test("a new life says nothing that was taken back in the one before", () => {
  const [a, b] = three() as [Site, Site];
  claim(a, "ana");
  claim(a, "bob");
  meet([a, b], 1);
  unclaim(b, "ana", 2);
  meet([a, b], 3);
  const said: string[] = [];
  // So many keys taken back make an origin begin a life, which says again what it still says.
  for (let at = 0; at <= RETRACTED_MAX; at++) {
    a.write(`alive/${at}`, encodeClaim("x"), 4);
    const entries = a.write(`alive/${at}`, undefined, 4);
    said.push(...entries.map(({ body }) => Buffer.from(body).toString("latin1")));
  }
  assert.ok(said.some((body) => body.includes("bob")));
  assert.ok(!said.some((body) => body.includes("ana")));
  meet([a, b], 5);
  assert.deepEqual([owners(a), owners(b)], [["bob"], ["bob"]]);
  assert.equal(toHex(a.replica.digest()), toHex(b.replica.digest()));
});

test("a name stays taken back when the node that took it back is forgotten", () => {
  for (const how of ["kept", "not kept"] as const) {
    const [writer, eraser, keeper] = three() as [Site, Site, Site];
    claim(writer, "ana");
    eraser.hear(writer, 1);
    keeper.hear(writer, 1);
    unclaim(eraser, "ana", 2);
    keeper.hear(eraser, 3);
    assert.deepEqual(owners(keeper), []);
    const kept = unclaimsToKeep(keeper.replica, keeper.self, eraser.self);
    assert.equal(kept.length, 1);
    if (how === "kept") for (const { key, value } of kept) keeper.write(key, value, 4);
    const left = unclaimsToKeep(keeper.replica, keeper.self, eraser.self);
    assert.equal(left.length, how === "kept" ? 0 : 1, "once");
    keeper.replica.forget(eraser.self);
    writer.hear(keeper, 5);
    keeper.hear(writer, 6);
    const back = how === "kept" ? [] : ["ana"];
    assert.deepEqual([owners(writer), owners(keeper)], [back, back], how);
  }
});

test("one person in whatever spelling, shown as most wrote it", () => {
  const [a, b, c] = three() as [Site, Site, Site];
  claim(a, "José  Silva");
  claim(b, "jose silva".normalize("NFD"));
  meet([a, b], 1);
  assert.deepEqual(owners(b), ["José  Silva"], "as comes first");
  claim(c, "jose silva");
  meet([a, b, c], 2);
  for (const site of [a, b, c]) assert.deepEqual(owners(site), ["jose silva"]);
  claim(c, "Joao", 3);
  assert.deepEqual(owners(c), ["Joao", "jose silva"]);
});

test("what makes no difference in a name, and what does", () => {
  const same = [
    ["Ana", "ANA", "ána", "  ana "],
    ["Zé da Silva", "ze  da silva", "ZÉ DA SILVA".normalize("NFD")],
    ["Weiß", "WEISS", "weiss"],
    ["Σίσυφος", "σισυφοσ", "ΣΊΣΥΦΟΣ"],
  ];
  for (const spelled of same) assert.equal(new Set(spelled.map(personKey)).size, 1, spelled[0]);
  const apart = ["ana", "anna", "राम", "रम", "はは", "ばば"];
  assert.equal(new Set(apart.map(personKey)).size, apart.length);
});
