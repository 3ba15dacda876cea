import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Log } from "../../src/base/log.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import {
  type Lease,
  parseDnsmasqLeases,
  parseIscLeases,
  parseNetworkdLeases,
} from "./dhcp-leases.ts";
import { MinuteReport } from "./minute-report.ts";
import type { Neighbour } from "./neighbour.ts";
import type { Timers } from "./timers.ts";

/** Where a DHCP server keeps its leases, and how they are read. */
export interface LeasePlace {
  /** A file, or a folder of them. */
  readonly path: string;
  /** What files of a folder are named like. */
  readonly names?: RegExp;
  readonly parse: (text: string) => readonly Lease[];
}

/** Debian's own places, Pi-hole's, and those of NetworkManager's shared connections. */
export const LEASE_PLACES: readonly LeasePlace[] = [
  { path: "/var/lib/misc/dnsmasq.leases", parse: parseDnsmasqLeases },
  { path: "/etc/pihole/dhcp.leases", parse: parseDnsmasqLeases },
  {
    path: "/var/lib/NetworkManager",
    names: /^dnsmasq-[\w.-]+\.leases$/,
    parse: parseDnsmasqLeases,
  },
  { path: "/var/lib/dhcp/dhcpd.leases", parse: parseIscLeases },
  { path: "/var/lib/systemd/network/dhcp-server-lease", names: /./, parse: parseNetworkdLeases },
];

/** ISC's file grows until it is written anew; the newest leases stand at its end. A guess. */
const FILE_BYTES_MAX = 1024 * 1024;
/** Interfaces with a DHCP server of their own. A guess. */
const FILES_PER_FOLDER_MAX = 16;
/** A term that moved by less was only reckoned anew. A guess. */
const RENEWED_S_MIN = 5;
/** Leases remembered beyond the files, so that a torn file renews nothing. A guess. */
const TERMS_COUNT_MAX = 8_192;

interface ReadFile {
  readonly mtimeMs: number;
  readonly size: number;
  readonly leases: readonly Lease[];
}

/**
 * The leases of this machine's DHCP servers. A lease that was renewed while we looked is a sign of
 * life of that moment; one that merely stands in a file tells a name and makes nobody present,
 * since it outlives a visit by hours.
 */
export class LeaseFiles {
  private readonly files = new Map<string, ReadFile>();
  /** The term of each lease when last read, by path, MAC and IP. */
  private readonly terms = new Map<string, number>();
  private readonly renewedAtMs = new Map<string, Millis>();
  private readonly trouble: MinuteReport;

  constructor(
    private readonly clock: Clock,
    log: Log,
    timers: Timers,
    private readonly places: readonly LeasePlace[] = LEASE_PLACES,
  ) {
    this.trouble = new MinuteReport(log, timers, "DHCP leases not read");
  }

  /** Looks at the files, and gives the devices whose leases were renewed since the start. */
  async read(): Promise<readonly Neighbour[]> {
    for (const { path, parse } of await leaseFilesOf(this.places)) await this.look(path, parse);
    const nowMs = this.clock.monotonicMs();
    return this.leases().flatMap(({ mac, ip }) => {
      const atMs = this.renewedAtMs.get(`${mac} ${ip}`);
      if (atMs === undefined) return [];
      return { mac, ip, interface: "dhcp", confirmedMs: nowMs - atMs };
    });
  }

  /** The name that a device gave, by the lease with the latest term. */
  hostnameOf(mac: string): string | undefined {
    const named = this.leases().filter((one) => one.mac === mac && one.hostname !== undefined);
    return named.sort((left, right) => right.termS - left.termS)[0]?.hostname;
  }

  stop(): void {
    this.trouble.flush();
  }

  private leases(): readonly Lease[] {
    return [...this.files.values()].flatMap(({ leases }) => leases);
  }

  private async look(path: string, parse: LeasePlace["parse"]): Promise<void> {
    try {
      const { mtimeMs, size } = await stat(path);
      const known = this.files.get(path);
      if (known?.mtimeMs === mtimeMs && known.size === size) return;
      const leases = parse(await tail(path));
      for (const lease of leases)
        this.compare(path, lease, known === undefined ? "first" : "again");
      this.files.set(path, { mtimeMs, size, leases });
    } catch (error) {
      const { code = "unknown reason" } = error as NodeJS.ErrnoException;
      this.files.delete(path);
      if (code !== "ENOENT" && code !== "ENOTDIR") this.trouble.count(code);
    }
  }

  /** What the first reading of a file shows may be hours old. */
  private compare(path: string, { mac, ip, termS }: Lease, reading: "first" | "again"): void {
    const name = `${path} ${mac} ${ip}`;
    const before = this.terms.get(name);
    remember(this.terms, name, termS);
    const isNew = before === undefined ? reading === "again" : termS - before >= RENEWED_S_MIN;
    if (isNew) remember(this.renewedAtMs, `${mac} ${ip}`, this.clock.monotonicMs());
  }
}

/** The files of all places, those of folders as they are now; a file may not be there. */
export async function leaseFilesOf(
  places: readonly LeasePlace[],
): Promise<readonly Omit<LeasePlace, "names">[]> {
  const all = places.map(async ({ path, names, parse }) => {
    if (names === undefined) return [{ path, parse }];
    const found = await readdir(path).catch(() => []);
    const chosen = found
      .filter((name) => names.test(name))
      .sort()
      .slice(0, FILES_PER_FOLDER_MAX);
    return chosen.map((name) => ({ path: join(path, name), parse }));
  });
  return (await Promise.all(all)).flat();
}

/** Keeps the newest TERMS_COUNT_MAX. */
function remember(map: Map<string, number>, name: string, value: number): void {
  map.delete(name);
  map.set(name, value);
  const [oldest] = map.keys();
  if (map.size > TERMS_COUNT_MAX && oldest !== undefined) map.delete(oldest);
}

/** The last FILE_BYTES_MAX of a file; it may be written to meanwhile. */
async function tail(path: string): Promise<string> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const length = Math.min(size, FILE_BYTES_MAX);
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(length),
      position: size - length,
    });
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}
