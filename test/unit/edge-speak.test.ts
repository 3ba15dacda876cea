import assert from "node:assert/strict";
import test from "node:test";
import { ok } from "../../src/base/result.ts";
import { replyTo } from "../../src/edge/chat/reply.ts";
import { quiet } from "../../src/edge/chat/speak.ts";
import { askedPauseMs, pauseMs } from "../../src/edge/delivery.ts";
import { deliveryOf } from "../../src/edge/http.ts";
import type { PeopleSide } from "../../src/node/read-side.ts";
import { FakeOffice } from "../integration/api-fake-office.ts";

/** An office in which one person is. */
class PeopledOffice extends FakeOffice {
  readonly people: PeopleSide = {
    list: () => [
      {
        person: "Ana Silva",
        isIn: true,
        sinceWallMs: 0,
        devices: [{ mac: "02:00:00:00:00:01", ip: undefined, ageMs: 1_000, others: [] }],
      },
    ],
    register: () => ok(undefined),
    unregister: () => ok(undefined),
    caller: () => undefined,
  };
}

test("a channel is told names only where the operator allowed it, and calls nobody by them", () => {
  const office = new PeopledOffice();
  for (const question of ["who's in?", "where is ana", "quem está?"]) {
    assert.doesNotMatch(replyTo(office, "withheld", question), /An.?a|Silva/, question);
    const named = replyTo(office, "named", question);
    assert.doesNotMatch(named, /Ana|Silva/);
    assert.match(named.replaceAll("\u200d", ""), /Ana Silva/, question);
  }
  assert.match(replyTo(office, "withheld", ""), /^Ask me for a room/);
  assert.match(replyTo(office, "withheld", "kitchen temp"), /^Kitchen: temperature/);
});

test("an answer calls nobody, neither by an @ nor by a bare name", () => {
  const said = quiet("In: Ana (now) and Zé da Silva. Ask @ana or @channel", ["Ana", "Zé da Silva"]);
  assert.doesNotMatch(said, /Ana|Zé|da\b|Silva|@\w/);
  assert.equal(
    said.replaceAll("\u200d", ""),
    "In: Ana (now) and Zé da Silva. Ask @ana or @channel",
  );
  assert.doesNotMatch(quiet("Anna is in, Ann is not", ["Ann", "Anna"]), /Ann/);
  assert.equal(quiet("x".repeat(10_000), []).length, 3_000);
});

test("pauses grow to an end, and differ between Pis", () => {
  assert.ok(pauseMs(1, 0) >= 700 && pauseMs(1, 1) <= 1_300);
  assert.ok(pauseMs(1_000, 1) <= 7 * 60_000);
  assert.notEqual(pauseMs(3, 0.1), pauseMs(3, 0.9));
  for (let failures = 1; failures < 8; failures++) {
    assert.ok(pauseMs(failures + 1, 0.5) > pauseMs(failures, 0.5));
  }
});

test("what another server asks for is kept to within reason", () => {
  assert.equal(askedPauseMs("3"), 3_000);
  assert.equal(askedPauseMs("99999999"), 3_600_000);
  for (const none of [undefined, "", "x", -1, "Wed, 21 Oct 2026 07:28:00 GMT"]) {
    assert.equal(askedPauseMs(none), none === "" ? 0 : undefined, String(none));
  }
});

test("an HTTP status means done, later or never", () => {
  const of = (status: number, headers = {}) => deliveryOf({ status, headers, body: "" });
  assert.equal(of(204).outcome, "delivered");
  for (const status of [408, 429, 500, 503]) assert.equal(of(status).outcome, "later");
  for (const status of [301, 400, 401, 404, 410]) assert.equal(of(status).outcome, "refused");
  const asked = { outcome: "later", reason: "HTTP 429", afterMs: 7_000 };
  assert.deepEqual(of(429, { "retry-after": "7" }), asked);
  assert.deepEqual(of(429, { "x-ratelimit-reset": "7" }), asked);
});
