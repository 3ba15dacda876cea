import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { toHex, utf8 } from "../../src/base/bytes.ts";
import { forgottenKey } from "../../src/office/admissions.ts";
import { meet, Site } from "../unit/office-site.ts";

const SITES = 5;
const at = fc.nat(SITES - 1);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant("hear"), who: at, whom: at }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("write"), who: at, whom: at }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("forget"), who: at, whom: at }) },
);

/** What a node does when somebody is put out: it says again what outlasts that one. */
function carry(site: Site): void {
  const { replica } = site;
  for (const { orphans } of replica.takeRetired()) {
    for (const { key, value } of orphans) {
      if (replica.isRetired(site.self)) continue;
      const isSaid = [...replica.origins()].some(({ held }) => held.get(key)?.entry.value);
      if (!isSaid) site.write(key, value, 0);
    }
  }
}

/** Those who are in the mesh in the eyes of all who are. */
function members(sites: readonly Site[]): readonly Site[] {
  return sites.filter(({ self }) => !sites.some(({ replica }) => replica.isRetired(self)));
}

test("who is put out is out for all who stay, in whatever order they hear of it", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = Array.from(
        { length: SITES },
        (_, number) => new Site(number + 1, `pi-${number}`),
      );
      for (const [count, { type, who, whom }] of steps.entries()) {
        const [one, other] = [all[who], all[whom]];
        if (one === undefined || other === undefined || one === other) continue;
        // Who was put out and knows it says nothing more.
        if (one.replica.isRetired(one.self)) continue;
        if (type === "hear") one.hear(other, count);
        else if (type === "write") one.write(`key/${whom}`, utf8(`${count}`), count);
        else one.write(forgottenKey(other.self), utf8("token"), count);
        carry(one);
      }
      let staying: readonly Site[] = all;
      for (let round = 0; round < SITES + 1; round++) {
        meet(staying, 1_000 + round);
        for (const site of staying) carry(site);
        staying = members(staying);
      }
      meet(staying, 2_000);
      const digests = new Set(staying.map(({ replica }) => toHex(replica.digest())));
      assert.ok(digests.size <= 1, "they hold the same");
      for (const { replica } of staying) {
        const ids = [...replica.origins()].map(({ origin }) => origin);
        assert.ok(ids.every((id) => !replica.isRetired(id)));
      }
    }),
    { numRuns: 300 },
  );
});

test("what was put out does not come back from one that had not heard of it", () => {
  const [a, b, c] = ["a", "b", "c"].map((name, number) => new Site(number + 1, name)) as [
    Site,
    Site,
    Site,
  ];
  b.write("key/1", utf8("old"), 1);
  meet([a, b, c], 2);
  a.write(forgottenKey(b.self), utf8("token"), 3);
  assert.equal(a.replica.state(b.self), undefined);
  a.hear(c, 4);
  assert.equal(a.replica.state(b.self), undefined, "not from one who was off");
  c.hear(a, 5);
  assert.equal(c.replica.state(b.self), undefined);
  assert.deepEqual(a.replica.takeDropped(), [b.self]);
});
