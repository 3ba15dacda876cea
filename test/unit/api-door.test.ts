import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import {
  canonicalAddress,
  isCrossSite,
  isLoopback,
  isOwnHost,
  parseHost,
} from "../../src/api/door.ts";
import { ownNamesOf } from "../../src/api/own-names.ts";
import { ManualClock } from "../../src/base/time.ts";

const OWN = {
  hostName: "kitchen-pi",
  addresses: [
    { address: "192.0.2.1", internal: false },
    { address: "2001:db8::1", internal: false },
  ],
};

const accepted = [
  "localhost",
  "LOCALHOST:8080",
  "localhost.:1",
  "127.0.0.1",
  "127.0.0.1:8080",
  "[::1]:8080",
  "192.0.2.1:8080",
  "[2001:DB8:0::1]:99",
  "[::ffff:192.0.2.1]",
  "kitchen-pi",
  "Kitchen-Pi.local:8080",
  "kitchen-pi.local.",
  "office.example:443",
];
for (const host of accepted) {
  test(`the door knows Host ${host}`, () => {
    assert.equal(isOwnHost(host, OWN, ["Office.example", "[2001:db8::2]"]), true);
  });
}

const refused = [
  "",
  "evil.example",
  "192.0.2.2",
  "[2001:db8::3]",
  "localhost.evil.example",
  "kitchen-pi.local.evil.example",
  "evil.localhost",
  "localhost@evil.example",
  "localhost:",
  "localhost:x",
  "localhost, evil.example",
  "0x7f.1",
  "2130706433",
  "127.1",
  "[::1",
  "::1",
  "[127.0.0.1]",
  "0.0.0.0",
];
for (const host of refused) {
  test(`the door does not know Host "${host}"`, () => {
    assert.equal(isOwnHost(host, OWN, ["office.example"]), false);
  });
}

test("no header makes the door throw, and no foreign name is let in", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const host = parseHost(text);
      assert.equal(isOwnHost(text, OWN, []) && host === undefined, false);
    }),
  );
  fc.assert(fc.property(fc.domain(), (name) => !isOwnHost(name, OWN, [])));
});

test("IPv6 addresses have one spelling each", () => {
  fc.assert(
    fc.property(fc.ipV6(), (address) => {
      const once = canonicalAddress(address);
      assert.equal(canonicalAddress(once), once);
    }),
  );
  assert.equal(canonicalAddress("fe80::1%eth0"), "fe80::1");
  assert.equal(canonicalAddress("::FFFF:127.0.0.1"), "127.0.0.1");
});

test("cross-site is what the browser says it is", () => {
  const host = "192.0.2.1:8080";
  assert.equal(isCrossSite({ host }), false);
  assert.equal(isCrossSite({ host, origin: "http://192.0.2.1:8080" }), false);
  assert.equal(isCrossSite({ host, origin: "http://192.0.2.1:9999" }), true);
  assert.equal(isCrossSite({ host, origin: "http://evil.example" }), true);
  assert.equal(isCrossSite({ host, origin: "null" }), true);
  assert.equal(isCrossSite({ host, origin: `http://${host}/x` }), true);
  assert.equal(isCrossSite({ host, "sec-fetch-site": "cross-site" }), true);
  assert.equal(isCrossSite({ host, "sec-fetch-site": "same-origin" }), false);
  assert.equal(isCrossSite({ host, origin: `https://${host}` }), false, "a TLS proxy");
  assert.equal(isCrossSite({ host, origin: `https://${host}` }, "https"), false);
  assert.equal(isCrossSite({ host, origin: `http://${host}` }, "https"), true);
});

test("loopback is this machine and nothing else", () => {
  for (const address of ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"]) {
    assert.equal(isLoopback(address), true, address);
  }
  for (const address of [undefined, "", "192.0.2.1", "::", "::ffff:192.0.2.1", "127.evil"]) {
    assert.equal(isLoopback(address), false, String(address));
  }
});

test("an address that came later is known after five seconds", () => {
  const clock = new ManualClock();
  let reads = 0;
  const names = ownNamesOf(clock, () => {
    reads += 1;
    return { hostName: `name-${reads}`, addresses: [] };
  });
  assert.equal(names().hostName, "name-1");
  clock.advance(4_999);
  assert.equal(names().hostName, "name-1");
  clock.advance(1);
  assert.equal(names().hostName, "name-2");
});
