import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import fc from "fast-check";
import { deviceIp, deviceMac } from "../../firmware-bridge/src/canonical-address.ts";
import {
  parseDnsmasqLeases,
  parseIscLeases,
  parseNetworkdLeases,
} from "../../firmware-bridge/src/dhcp-leases.ts";
import { LeaseFiles } from "../../firmware-bridge/src/lease-files.ts";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { HOUR_MS, ManualClock } from "../../src/base/time.ts";

const MAC = "3c:22:fb:01:02:03";

test("dnsmasq: IPv4 leases with or without a name; IPv6 ones have no MAC", () => {
  const text = `1795082400 3c:22:fb:01:02:03 10.0.0.9 anas-phone 01:3c:22:fb:01:02:03
0 01-3C-22-FB-01-02-04 10.0.0.10 * *
1795082500 06-3c:22:fb:01:02:05 10.0.0.11 token *
duid 00:01:00:01:2c:aa:bb:cc:dd:ee:ff:00:11:22
1795082400 16909060 fd00::9 anas-phone 00:01:00:01:2c:aa
1795082600 3c:22:fb:01:02:06 10.0.0.12 -bad_.lan *
1795082600 3c:22:fb:01:02:07 10.0.0.1`;
  assert.deepEqual(parseDnsmasqLeases(text), [
    { mac: MAC, ip: "10.0.0.9", hostname: "anas-phone", termS: 1795082400 },
    { mac: "3c:22:fb:01:02:04", ip: "10.0.0.10", hostname: undefined, termS: 0 },
    { mac: "3c:22:fb:01:02:06", ip: "10.0.0.12", hostname: undefined, termS: 1795082600 },
  ]);
});

const ISC = `# The format of this file is documented in the dhcpd.leases(5) manual page.
authoring-byte-order little-endian;
server-duid "\\000\\001\\000\\001";

lease 10.0.0.9 {
  starts 4 2026/11/19 10:00:00;
  ends 4 2026/11/19 12:00:00;
  cltt 4 2026/11/19 10:00:00;
  binding state active;
  next binding state free;
  hardware ethernet 3c:22:fb:01:02:03;
  uid "\\001<\\"\\373\\001\\002\\003";
  set vendor-class-identifier = "android-dhcp-13";
  client-hostname "anas-phone";
}
lease 10.0.0.10 {
  starts epoch 1795082400; # Thu Nov 19 2026
  ends never;
  binding state active;
  hardware ethernet 3c:22:fb:01:02:04;
}
lease 10.0.0.9 {
  starts 4 2026/11/19 11:00:00;
  ends 4 2026/11/19 13:00:00;
  cltt 4 2026/11/19 11:00:00;
  binding state active;
  hardware ethernet 3c:22:fb:01:02:03;
  client-hostname "anas-phone.lan";
}
lease 10.0.0.13 {
  starts 4 2026/11/19 11:00:00;
  binding state active;
  hardware ethernet 3c:22:fb:7d:7b:22;
  uid "\\001<\\"\\373}{\\"";
}
lease 10.0.0.11 {
  starts 4 2026/11/19 11:00:00;
  ends 4 2026/11/19 11:30:00;
  tstp 4 2026/11/19 11:30:00;
  binding state free;
  hardware ethernet 3c:22:fb:01:02:05;
}
lease 10.0.0.12 {
  starts 4 2026/11/19 11:00:00;
  binding state active;
  hardware ethernet 3c:22:fb:01:02:`;

test("ISC dhcpd: the last block of an address holds; free and torn ones do not count", () => {
  assert.deepEqual(parseIscLeases(ISC), [
    {
      mac: MAC,
      ip: "10.0.0.9",
      hostname: "anas-phone",
      termS: Date.UTC(2026, 10, 19, 13) / 1_000,
    },
    { mac: "3c:22:fb:01:02:04", ip: "10.0.0.10", hostname: undefined, termS: 1795082400 },
    {
      mac: "3c:22:fb:7d:7b:22",
      ip: "10.0.0.13",
      hostname: undefined,
      termS: Date.UTC(2026, 10, 19, 11) / 1_000,
    },
  ]);
});

test("systemd-networkd: the hardware's address, or the client's id in older ones", () => {
  const text = JSON.stringify({
    BootID: "d7f5041316de4f1f992a8a2822218a71",
    Address: [10, 0, 0, 1],
    PrefixLength: 24,
    Leases: [
      {
        ClientId: [255, 1, 2, 3, 4],
        Address: [10, 0, 0, 9],
        Hostname: "anas-phone",
        HardwareAddressType: 1,
        HardwareAddressLength: 6,
        HardwareAddress: [0x3c, 0x22, 0xfb, 1, 2, 3],
        ExpirationUSec: 72_338_380_895,
        ExpirationRealtimeUSec: 1_795_082_400_000_000,
      },
      { ClientId: [1, 0x3c, 0x22, 0xfb, 1, 2, 4], Address: [10, 0, 0, 10] },
      { ClientId: [1, 2], Address: [10, 0, 0, 11] },
      { ClientId: [1, 0x3c, 0x22, 0xfb, 1, 2, 999], Address: [10, 0, 0] },
      undefined,
    ],
  });
  assert.deepEqual(parseNetworkdLeases(text), [
    { mac: MAC, ip: "10.0.0.9", hostname: "anas-phone", termS: 72_338 },
    { mac: "3c:22:fb:01:02:04", ip: "10.0.0.10", hostname: undefined, termS: 0 },
  ]);
});

test("law: no text makes a parser throw, or tell what is no device", () => {
  const bits = fc.constantFrom("lease", "{", "}", MAC, "10.0.0.9", "\n", " ", '"', "Leases", "[");
  const soup = fc.array(fc.oneof(bits, fc.string({ maxLength: 6 }))).map((all) => all.join(""));
  const cut = fc.nat(ISC.length).map((at) => ISC.slice(0, at));
  fc.assert(
    fc.property(fc.oneof(soup, cut, fc.json()), (text) => {
      for (const parse of [parseDnsmasqLeases, parseIscLeases, parseNetworkdLeases]) {
        for (const { mac, ip, termS } of parse(text)) {
          assert.deepEqual([deviceMac(mac), deviceIp(ip)], [mac, ip]);
          assert.ok(Number.isFinite(termS));
        }
      }
    }),
  );
});

test("a renewed lease is a sign of life, one that merely stands there is a name", async () => {
  const folder = await mkdtemp(join(tmpdir(), "watercooler-leases-"));
  try {
    const clock = new ManualClock();
    const path = join(folder, "dnsmasq.leases");
    const places = [
      { path, parse: parseDnsmasqLeases },
      { path: join(folder, "absent"), parse: parseIscLeases },
      { path: join(folder, "networkd"), names: /./, parse: parseNetworkdLeases },
    ];
    const leases = new LeaseFiles(clock, silentLog, new ManualTimers(clock), places);
    const put = (...lines: string[]) => writeFile(path, lines.map((line) => `${line}\n`).join(""));
    const phone = (expiry: number) => `${expiry} ${MAC} 10.0.0.9 anas-phone *`;
    assert.deepEqual(await leases.read(), []);

    await put(phone(1000));
    assert.deepEqual(await leases.read(), [], "it may be hours old");
    assert.equal(leases.hostnameOf(MAC), "anas-phone");
    assert.equal(leases.hostnameOf("3c:22:fb:01:02:04"), undefined);

    clock.advance(HOUR_MS);
    await put(phone(4600), "5000 3c:22:fb:01:02:04 10.0.0.10 * *");
    const seen = (mac: string, ip: string, confirmedMs: number) => ({
      mac,
      ip,
      interface: "dhcp",
      confirmedMs,
    });
    const laptop = "3c:22:fb:01:02:04";
    assert.deepEqual(await leases.read(), [seen(MAC, "10.0.0.9", 0), seen(laptop, "10.0.0.10", 0)]);
    clock.advance(60_000);
    await writeFile(path, phone(4600).slice(0, 30));
    assert.deepEqual(await leases.read(), [], "a torn file");
    await put(phone(4600), "5000 3c:22:fb:01:02:04 10.0.0.10 * *", "# 1");
    assert.deepEqual(
      (await leases.read()).map(({ confirmedMs }) => confirmedMs),
      [60_000, 60_000],
      "a torn file renews nothing",
    );

    await mkdir(join(folder, "networkd"));
    await mkdir(join(folder, "networkd", "eth0"));
    await rm(path);
    assert.deepEqual(await leases.read(), [], "a folder in the place of a file is no crash");
    leases.stop();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
