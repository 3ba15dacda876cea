import { deviceIp, deviceMac } from "../../firmware-bridge/src/canonical-address.ts";
import {
  parseDnsmasqLeases,
  parseIscLeases,
  parseNetworkdLeases,
} from "../../firmware-bridge/src/dhcp-leases.ts";
import { ok } from "../../src/base/result.ts";
import { ManualClock } from "../../src/base/time.ts";
import { bytes, record } from "../../src/base/tlv.ts";
import { DeviceProbe } from "../../src/node/device-probe.ts";
import { DeviceReport } from "../../src/node/device-report.ts";
import { claimKey, encodeClaim } from "../../src/office/claims.ts";
import { LANS_KEY } from "../../src/office/probing.ts";
import { deviceKey } from "../../src/office/records.ts";
import { simHash } from "../../src/sim/trust.ts";
import { Site } from "../unit/office-site.ts";
import { type FuzzTarget, hold } from "./target.ts";

const leases: FuzzTarget = {
  name: "dhcp-leases",
  form: "text",
  words: ["lease", "{", "}", "binding state active;", "hardware ethernet", "starts", "Leases", "*"],
  take: (input) => {
    const text = Buffer.from(input).toString("utf8");
    for (const parse of [parseDnsmasqLeases, parseIscLeases, parseNetworkdLeases]) {
      for (const { mac, ip, hostname = "a", termS } of parse(text)) {
        hold(deviceMac(mac) === mac && deviceIp(ip) === ip, `${mac} ${ip} is no device`);
        hold(/^[\w-]{1,63}$/.test(hostname), `${hostname} is no host`);
        hold(Number.isFinite(termS), "a term that is no number");
      }
    }
  },
};

/** What a member says of a device and of its subnets. */
export const spoken = record({ device: bytes(1, 10_000), lans: bytes(2, 10_000) });

const MAC = "3c:22:fb:01:02:03";
const HOUR_MS = 3_600_000;

/** A node that sees and asks after a device of which a member says whatever it likes. */
const devices: FuzzTarget = {
  name: "devices",
  form: "bytes",
  take: (input) => {
    const decoded = spoken.decode(input);
    if (!decoded.ok) return;
    const [site, member] = [new Site(1, "a"), new Site(2, "b")];
    member.write(deviceKey(MAC), decoded.value.device, 0);
    member.write(LANS_KEY, decoded.value.lans, 0);
    member.write(claimKey(MAC, 1), encodeClaim("Ana"), 0);
    const clock = new ManualClock();
    const looks: (() => void)[] = [];
    const parts = {
      self: site.self,
      replica: site.replica,
      clock,
      hash: simHash,
      keepMs: HOUR_MS,
      awayAfterMs: HOUR_MS / 2,
      record: "all",
      lans: () => ["192.0.2.0/24", "2001:db8::/64"],
      ask: (ip: string) => hold(/^(?:192\.0\.2\.|2001:0?db8:)/i.test(ip), `asked for ${ip}`),
      node: {
        write: (key: string, value: Uint8Array | undefined) => {
          site.write(key, value, clock.monotonicMs());
          return ok(undefined);
        },
        erase: () => ok(undefined),
        every: (_: number, look: () => void) => void looks.push(look),
        onEntries: () => () => {},
      },
    } as const;
    new DeviceProbe(parts).start();
    const report = new DeviceReport(parts);
    site.hear(member, 0);
    for (let minutes = 0; minutes < 60; minutes += 10) {
      for (const look of looks) look();
      const addresses = [{ ip: "192.0.2.9", confirmedMs: 0 }];
      if (minutes === 40) report.note({ mac: MAC, addresses, confirmedMs: 0 });
      clock.advance(HOUR_MS / 6);
    }
  },
};

export const NEIGHBOUR_TARGETS = [leases, devices];
