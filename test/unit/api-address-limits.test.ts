import assert from "node:assert/strict";
import test from "node:test";
import {
  ADDRESSES_MAX,
  AddressLimits,
  CONNECTIONS_PER_ADDRESS_MAX,
  REQUESTS_BURST_MAX,
  REQUESTS_PER_SECOND,
} from "../../src/api/address-limits.ts";

function limitsAt() {
  let nowMs = 0;
  const limits = new AddressLimits({ wallMs: () => 0, monotonicMs: () => nowMs });
  return {
    limits,
    wait: (spanMs: number) => {
      nowMs += spanMs;
    },
  };
}

const A = "192.0.2.1";
const B = "192.0.2.2";
const times = (count: number, what: () => boolean) =>
  Array.from({ length: count }, what).filter(Boolean).length;

test("an address has so many connections, and gets one back for each that ends", () => {
  const { limits } = limitsAt();
  const many = CONNECTIONS_PER_ADDRESS_MAX + 10;
  assert.equal(
    times(many, () => limits.connected(A)),
    CONNECTIONS_PER_ADDRESS_MAX,
  );
  assert.equal(limits.connected(B), true);
  assert.equal(limits.refused.connections, 10);
  limits.disconnected(A);
  assert.equal(limits.connected(A), true);
  assert.equal(limits.connected(A), false);
});

test("requests come in a burst, then at a rate", () => {
  const { limits, wait } = limitsAt();
  const ask = () => limits.asked(A);
  assert.equal(times(REQUESTS_BURST_MAX + 5, ask), REQUESTS_BURST_MAX);
  assert.equal(limits.asked(B), true);
  wait(100);
  assert.equal(times(100, ask), REQUESTS_PER_SECOND / 10);
  wait(3_600_000);
  assert.equal(times(REQUESTS_BURST_MAX + 5, ask), REQUESTS_BURST_MAX);
  assert.ok(limits.refused.requests > 0);
});

test("one address has one share, however it is spelled", () => {
  const { limits } = limitsAt();
  times(CONNECTIONS_PER_ADDRESS_MAX, () => limits.connected(`::ffff:${A}`));
  assert.equal(limits.connected(A), false);
});

test("the node's own machine is let through", () => {
  const { limits } = limitsAt();
  for (const own of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    const many = REQUESTS_BURST_MAX * 2;
    assert.equal(
      times(many, () => limits.connected(own) && limits.asked(own)),
      many,
      own,
    );
  }
});

test("many addresses don't free one of its share while it is connected", () => {
  const { limits } = limitsAt();
  times(CONNECTIONS_PER_ADDRESS_MAX, () => limits.connected(A));
  for (let at = 0; at < ADDRESSES_MAX * 2; at++) limits.asked(`10.0.${at >> 8}.${at & 255}`);
  assert.equal(limits.connected(A), false);
});
