import { createIpNeigh } from "../firmware-bridge/src/ip-neigh.ts";
import { LeaseFiles } from "../firmware-bridge/src/lease-files.ts";
import type { Neighbour } from "../firmware-bridge/src/neighbour.ts";
import { NeighbourProbe, ownLans } from "../firmware-bridge/src/neighbour-probe.ts";
import { NeighbourWatch, RETELL_MS } from "../firmware-bridge/src/neighbour-watch.ts";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Log } from "./base/log.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { parseDeviceKey } from "./office/records.ts";

/** Two messages in a row may be lost before somebody who is there is taken for away. */
const RETOLD_UNTIL_AWAY = 3;

/** What this machine knows of devices around it, and asks of them. */
export interface WiredNeighbours {
  /** Undefined where neighbours are not to be recorded. */
  readonly watch: NeighbourWatch | undefined;
  /** The name that a device gave a DHCP server of this machine. */
  readonly hostnameOf: (mac: string) => string | undefined;
  /** The subnets in which silent devices are asked after; none where that is off. */
  readonly lans: () => readonly string[];
  readonly ask: (ip: string) => void;
  stop(): void;
}

/** `ownKeys` are the rows that this node wrote before. */
export function wireNeighbours(
  config: Config,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  ownKeys: Iterable<string>,
): WiredNeighbours {
  const { record, interfaces, keepMs, updateIntervalMs, probe } = config.neighbours;
  const { awayAfterMs } = config.presence;
  if (record === "none") {
    const nothing = { watch: undefined, hostnameOf: () => undefined, lans: () => [] };
    return { ...nothing, ask: () => {}, stop: () => {} };
  }
  const leases = new LeaseFiles(clock, log, systemTimers);
  const table = createIpNeigh({ interfaces, log });
  const probes = new NeighbourProbe(log, systemTimers);
  const watch = new NeighbourWatch({
    read: async (): Promise<readonly Neighbour[]> => {
      const leased = await leases.read();
      return [...(await table()), ...leased];
    },
    updateIntervalMs,
    keepMs,
    retellMs: Math.min(RETELL_MS, awayAfterMs / RETOLD_UNTIL_AWAY),
    awayAfterMs,
    clock,
    timers: systemTimers,
    log,
    known: [...ownKeys].map(parseDeviceKey).filter((mac) => mac !== undefined),
  });
  return {
    watch,
    hostnameOf: (mac) => leases.hostnameOf(mac),
    lans: () => (probe === "on" ? ownLans(interfaces) : []),
    ask: (ip) => probes.ask(ip),
    stop: () => {
      probes.close();
      leases.stop();
    },
  };
}
