import type { Log } from "../../base/log.ts";
import { type Clock, MINUTE_MS, type Millis } from "../../base/time.ts";

/** What goes wrong on a LAN without being our fault. Each is counted under its own name. */
export type Complaint =
  | "malformed" // a packet or a record that is none
  | "foreign" // from off the segment, from another port, or a place outside our subnets
  | "other-mesh" // a sound record of another mesh
  | "unsent" // the network took no packet: a tentative address, a dead link
  | "over-budget" // a packet held back, so that the air stays free
  | "socket"; // a socket that could not be opened, or that failed

/** The same complaint is logged no sooner than this again. */
const SAID_AGAIN_MS = MINUTE_MS;
/** Ordinary: two meshes on a LAN, an address not yet ready. `state` tells what lasts. */
const QUIET: ReadonlySet<Complaint> = new Set(["other-mesh", "over-budget", "foreign", "unsent"]);

/** Counts what went wrong, and logs each kind once a minute rather than a thousand times. */
export class Complaints {
  private readonly counts = new Map<Complaint, number>();
  private readonly saidMs = new Map<Complaint, Millis>();

  constructor(
    private readonly log: Log,
    private readonly clock: Clock,
  ) {}

  count(what: Complaint): number {
    return this.counts.get(what) ?? 0;
  }

  add(what: Complaint, detail: string, more = 1): void {
    if (more <= 0) return;
    const count = this.count(what) + more;
    this.counts.set(what, count);
    const nowMs = this.clock.monotonicMs();
    if (nowMs - (this.saidMs.get(what) ?? Number.NEGATIVE_INFINITY) < SAID_AGAIN_MS) return;
    this.saidMs.set(what, nowMs);
    this.log.write(QUIET.has(what) ? "debug" : "warn", `mDNS: ${what}`, { detail, count });
  }
}
