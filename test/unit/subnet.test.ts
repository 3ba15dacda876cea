import assert from "node:assert/strict";
import { BlockList, isIPv6 } from "node:net";
import test from "node:test";
import fc from "fast-check";
import { isInSubnet } from "../../src/office/subnet.ts";

const pairOf = (address: fc.Arbitrary<string>, bits: number) =>
  fc.record({ ip: address, network: address, prefix: fc.nat(bits) });
const pair = fc.oneof(pairOf(fc.ipV4(), 32), pairOf(fc.ipV6(), 128));

test("an address is in a subnet exactly where Node's own list says so", () => {
  fc.assert(
    fc.property(pair, fc.boolean(), ({ ip, network, prefix }, isNear) => {
      // The form that ends in an IPv4 address is not told of devices.
      fc.pre(![ip, network].some((text) => text.includes(":") && text.includes(".")));
      const list = new BlockList();
      const family = isIPv6(network) ? "ipv6" : "ipv4";
      list.addSubnet(isNear ? ip : network, prefix, family);
      const subnet = `${isNear ? ip : network}/${prefix}`;
      assert.equal(isInSubnet(ip, subnet), list.check(ip, family));
    }),
  );
});

test("what is no subnet holds nothing", () => {
  for (const subnet of ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "::/x", "1:2/0", "::1::/0"]) {
    assert.equal(isInSubnet("10.0.0.1", subnet), false, subnet);
    assert.equal(isInSubnet("::1", subnet), false, subnet);
  }
});
