import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { type Answer, encode } from "dns-packet";
import { recordsOf } from "../../src/link/discovery/records.ts";
import { isSober } from "../../src/link/discovery/sober-packet.ts";
import { ANNOUNCEMENT, V4, V6 } from "./discovery-bench.ts";

const answer = (answers: readonly Answer[]) => encode({ type: "response", answers: [...answers] });

test("what nodes and others' services send is sober", () => {
  const own = [V4, V6].flatMap((segment) => recordsOf(ANNOUNCEMENT, segment));
  assert.ok(isSober(answer(own)));
  const question = { name: "_watercooler._tcp.local", type: "PTR" } as const;
  assert.ok(isSober(encode({ type: "query", questions: [question], answers: [...own] })));
  const printer: Answer[] = [
    { type: "HINFO", name: "printer.local", data: { cpu: "ARM", os: "LINUX" } },
    { type: "NSEC", name: "printer.local", data: { nextDomain: "printer.local", rrtypes: ["A"] } },
    { type: "TXT", name: "printer._ipp._tcp.local", data: ["rp=ipp", ""] },
  ];
  assert.ok(isSober(answer(printer)));
  // A name that points into another one (RFC 1035, section 4.1.4).
  const pointed = Buffer.concat([
    answer([{ type: "A", name: "a.local", data: "10.0.0.1" }]),
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 10, 0, 0, 2]),
  ]);
  pointed.writeUInt16BE(2, 6);
  assert.ok(isSober(pointed));
});

test("what would keep the library busy is not", () => {
  const found = readFileSync("test/fuzz/corpus/dns-sd/found-text-past-the-end");
  assert.ok(!isSober(found));
  const good = answer([{ type: "TXT", name: "x.local", data: ["a=b"] }]);
  assert.ok(isSober(good));
  for (let length = 0; length < good.length; length++) {
    assert.ok(!isSober(good.subarray(0, length)), `cut to ${length}`);
  }
  for (const [at, value, what] of [
    [6, 0xffff, "65,535 answers"],
    [6, 257, "more answers than any node sends"],
    [good.length - 6, 0xffff, "data beyond the end"],
    [good.length - 4, 0x0961, "a text beyond its record"],
    [12, 0xc00c, "a name that points to itself"],
    [12, 0x4061, "a label of no kind"],
  ] as const) {
    const bad = Buffer.from(good);
    bad.writeUInt16BE(value, at);
    assert.ok(!isSober(bad), what);
  }
});
