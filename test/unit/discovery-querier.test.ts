import assert from "node:assert/strict";
import test from "node:test";
import { type Answer, encode } from "dns-packet";
import { KNOWN_PER_PACKET } from "../../src/link/discovery/querier.ts";
import { instanceOf, knownAnswer, TTL_S } from "../../src/link/discovery/records.ts";
import { ID, idOf, onBench, question } from "./discovery-bench.ts";

test("a querier asks soon, then after 1, 2, 4 to 46 s, and starts over", () => {
  const { querier, timers, sent, clock } = onBench();
  const beganMs = clock.monotonicMs();
  querier.begin();
  timers.advance(400_000);
  const times = sent.map(({ atMs }) => atMs - beganMs);
  assert.ok((times[0] ?? 0) >= 20 && (times[0] ?? 0) <= 120, `${times}`);
  for (const [at, pauseMs] of [1, 2, 4, 8, 16, 32, 46, 46].map((s, n) => [n, s * 1_000] as const)) {
    const gapMs = (times[at + 1] ?? 0) - (times[at] ?? 0);
    assert.ok(gapMs >= 0.69 * pauseMs && gapMs <= 1.31 * pauseMs, `${at}: ${gapMs}`);
  }
  sent.splice(0);
  querier.begin();
  timers.advance(2_000);
  assert.equal(sent.length, 2);
  querier.close();
  assert.equal(timers.count, 0);
});

test("a querier tells whom it knows, over several packets, each small enough for IPv6", () => {
  const people = Array.from({ length: 40 }, (_, n) => ({
    instance: instanceOf(idOf(n)),
    ttlS: TTL_S,
  }));
  const { querier, timers, sent } = onBench([], () => people);
  querier.begin();
  timers.advance(120);
  assert.deepEqual(
    sent.map(({ packet }) => [packet.questions?.length, packet.answers?.length, packet.flag_tc]),
    [
      [1, KNOWN_PER_PACKET, true],
      [0, KNOWN_PER_PACKET, true],
      [0, 40 - 2 * KNOWN_PER_PACKET, false],
    ],
  );
  for (const { packet } of sent) assert.ok(encode({ ...packet }).length <= 1_232);
});

test("one's own question that comes back is nobody else's", () => {
  const { querier, timers, sent } = onBench();
  querier.begin();
  let heard = 0;
  for (let n = 0; n < 1_000; n++) {
    timers.advance(10);
    for (const { packet } of sent.slice(heard)) querier.onQuery(packet, "10.0.0.1");
    heard = sent.length;
  }
  assert.equal(sent.length, 4, "at once, after 1, 3 and 7 s");
});

test("who only pretends to ask for all is found out", () => {
  const { querier, timers, sent } = onBench();
  querier.begin();
  for (let minute = 0; minute < 30; minute++) {
    for (let n = 0; n < 6; n++) {
      querier.onQuery(question, "b");
      timers.advance(10_000);
    }
  }
  assert.ok(sent.length >= 1 && sent.length <= 6, `${sent.length} questions in half an hour`);
});

test("a truncated question stands for one's own until it proves to leave out more", () => {
  const asked = (more: Answer[]) => {
    const { querier, timers, sent } = onBench([], () => [
      { instance: instanceOf(ID), ttlS: TTL_S },
    ]);
    querier.begin();
    querier.onQuery(
      { ...question, flag_tc: true, answers: [knownAnswer(instanceOf(ID), TTL_S)] },
      "b",
    );
    querier.onQuery({ type: "query", questions: [], answers: more }, "b");
    timers.advance(120);
    return sent.length;
  };
  assert.equal(asked([knownAnswer(instanceOf(ID), TTL_S)]), 0);
  assert.equal(asked([knownAnswer(instanceOf(idOf(2)), TTL_S)]), 1);
});

test("another's like question stands for one's own, one that leaves out more does not", () => {
  const heard = (answers: Answer[]) => {
    const { querier, timers, sent } = onBench([], () => [
      { instance: instanceOf(ID), ttlS: TTL_S },
    ]);
    querier.begin();
    querier.onQuery({ ...question, answers }, "b");
    timers.advance(120);
    return sent.length;
  };
  assert.equal(heard([]), 0);
  assert.equal(heard([knownAnswer(instanceOf(ID), TTL_S)]), 0);
  assert.equal(heard([knownAnswer(instanceOf(idOf(99)), TTL_S)]), 0, "it knows itself");
  assert.equal(heard([knownAnswer(instanceOf(idOf(2)), TTL_S)]), 1);
});
