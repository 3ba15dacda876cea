import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { Log } from "../../base/log.ts";
import { jittered, type Random } from "../../base/random.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Announcement, Discovery, DiscoveryState, Hint } from "../discovery-port.ts";
import { type Complaint, Complaints } from "./complaints.ts";
import { HintBook } from "./hint-book.ts";
import { listensAt, type Segment, scanSegments } from "./interfaces.ts";
import { PacketBudget } from "./packet-budget.ts";
import { Querier } from "./querier.ts";
import { instanceOf, recordsOf, sightingsIn } from "./records.ts";
import { Responder } from "./responder.ts";
import { type Incoming, type MakeMdns, MdnsSocket, type Outgoing } from "./socket.ts";

/** Interfaces come and go (a Wi-Fi stick, DHCP); this often they are looked at again. */
const SCAN_MS = 2 * SECOND_MS;
/** A lonely node asks again no sooner than the first; the gap doubles up to the last. */
const REFRESH_MS_FIRST = 5 * SECOND_MS;
const REFRESH_MS_LAST = MINUTE_MS;
/** Not asked to refresh for so long, it is not lonely any more, and starts over. */
const REFRESH_FORGOTTEN_MS = MINUTE_MS;
/** A goodbye that the system does not take within this is left unsaid. */
const GOODBYE_MS_MAX = 1 * SECOND_MS;

export interface DnsSdOptions {
  readonly announcement: Announcement;
  /** Names of the interfaces to use; none or left out: all but loopback. */
  readonly interfaces?: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** All that is at work on one segment. */
interface Ear {
  readonly segment: Segment;
  readonly socket: MdnsSocket;
  readonly querier: Querier;
  readonly responder: Responder;
  /** Why the last packet could not be sent, where it could not. */
  unsent: string | undefined;
}

/**
 * DNS-SD (RFC 6763) over multicast DNS (RFC 6762): one socket for every interface and family, so
 * that it works with no default route, on IPv6 alone, and after an interface was made anew.
 */
export class DnsSd implements Discovery {
  private readonly ears = new Map<string, Ear>();
  private readonly book = new HintBook();
  private readonly complaints: Complaints;
  private emit: (hint: Hint) => void = () => {};
  private cancelScan: () => void = () => {};
  private refreshedMs: Millis = Number.NEGATIVE_INFINITY;
  private askedMs: Millis = Number.NEGATIVE_INFINITY;
  private gapMs: Millis = REFRESH_MS_FIRST;
  private hints = 0;
  private stopped = false;
  /** Why the last socket could not be had, or failed. */
  private broken = "";
  private makeMdns: MakeMdns | undefined;

  constructor(private readonly options: DnsSdOptions) {
    this.complaints = new Complaints(options.log, options.clock);
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    const { default: makeMdns } = await import("multicast-dns");
    if (this.stopped) return;
    this.makeMdns = makeMdns;
    this.emit = (hint) => {
      this.hints += 1;
      listener(hint);
    };
    this.scan();
  }

  /** Tells again what is known, and asks; ever more seldom while it is called time and again. */
  refresh(): void {
    const { clock, random } = this.options;
    const nowMs = clock.monotonicMs();
    if (nowMs - this.askedMs > REFRESH_FORGOTTEN_MS) this.gapMs = REFRESH_MS_FIRST;
    this.askedMs = nowMs;
    if (this.stopped || nowMs - this.refreshedMs < this.gapMs) return;
    this.refreshedMs = nowMs;
    this.gapMs = Math.min(REFRESH_MS_LAST, jittered(random, this.gapMs * 2, 0.2));
    for (const hint of this.book.all(nowMs)) this.emit(hint);
    for (const { querier } of this.ears.values()) querier.begin();
  }

  state(): readonly DiscoveryState[] {
    const { hints } = this;
    const source = "dns-sd" as const;
    if (this.makeMdns === undefined) {
      return [{ source, state: "off", detail: "not started", hints }];
    }
    const names = [...this.ears.values()].map(({ segment }) => nameOf(segment)).join(", ");
    const malformed = this.count("malformed");
    const counted = malformed > 0 ? `; ${malformed} malformed` : "";
    const blindness = this.blindness(names);
    const detail = blindness ?? `${names}${counted}`;
    return [{ source, state: blindness === undefined ? "working" : "blind", detail, hints }];
  }

  /** How often something went wrong, for tests and metrics. */
  count(what: Complaint): number {
    return this.complaints.count(what);
  }

  async stop(): Promise<void> {
    if (this.stopped) return;
    this.stopped = true;
    this.cancelScan();
    await Promise.all([...this.ears.values()].map((ear) => this.farewell(ear)));
    this.ears.clear();
  }

  /** Why this node can't see or be seen, or undefined where it can. */
  private blindness(names: string): string | undefined {
    const ears = [...this.ears.values()];
    if (ears.length === 0) return this.broken || "no usable network interface is up";
    if (ears.every(({ unsent }) => unsent !== undefined)) return `${names}: ${ears[0]?.unsent}`;
    const { host } = this.options.announcement;
    if (ears.some(({ segment }) => listensAt(host, segment.address))) return undefined;
    return `mesh.listen has ${host}, where nobody on ${names} can come in`;
  }

  private scan(): void {
    const found = scanSegments(this.options.interfaces ?? []);
    const segments = new Map(found.map((segment) => [segment.key, segment]));
    for (const [key, ear] of this.ears) if (!segments.has(key)) this.drop(key, ear);
    for (const [key, segment] of segments) if (!this.ears.has(key)) this.open(key, segment);
    this.cancelScan = this.options.timers.set(SCAN_MS, () => this.scan());
  }

  private open(key: string, segment: Segment): void {
    if (this.makeMdns === undefined) return;
    let ear: Ear | undefined;
    try {
      const socket: MdnsSocket = new MdnsSocket(this.makeMdns, segment, {
        query: (packet, source) => {
          ear?.responder.onQuery(packet, source);
          ear?.querier.onQuery(packet, source);
        },
        response: (packet) => {
          ear?.responder.onResponse(packet);
          this.onResponse(segment, packet);
        },
        unfit: (what, detail) => this.complaints.add(what, detail),
        failed: (error) => {
          this.grieve(segment, error);
          // The next scan opens another.
          if (ear !== undefined) this.drop(key, ear);
        },
      });
      ear = this.earOf(segment, socket);
    } catch (error) {
      return this.grieve(segment, error as Error);
    }
    this.ears.set(key, ear);
    ear.responder.announce();
    ear.querier.begin();
  }

  private grieve({ name }: Segment, { message }: Error): void {
    this.broken = `${name}: ${message}`;
    this.complaints.add("socket", this.broken);
  }

  private earOf(segment: Segment, socket: MdnsSocket): Ear {
    const { announcement, clock, timers, random } = this.options;
    const wire = {
      send: (packet: Outgoing, done: (error: Error | undefined) => void) =>
        socket.send(packet, (error) => {
          ear.unsent = error?.message;
          done(error);
        }),
    };
    const budget = new PacketBudget();
    const parts = { wire, budget, clock, timers, random, complaints: this.complaints };
    const responder = new Responder(recordsOf(announcement, segment), parts);
    const own = instanceOf(announcement.id);
    const known = () => this.book.known(segment.key, clock.monotonicMs());
    const querier = new Querier(parts, own, known);
    const ear: Ear = { segment, socket, querier, responder, unsent: undefined };
    return ear;
  }

  private drop(key: string, ear: Ear): void {
    if (this.ears.get(key) === ear) this.ears.delete(key);
    ear.querier.close();
    ear.responder.close();
    ear.socket.close();
    this.book.drop(key);
  }

  private onResponse(segment: Segment, { answers = [], additionals = [] }: Incoming): void {
    if (this.stopped) return;
    const { announcement, clock } = this.options;
    const found = sightingsIn([...answers, ...additionals], announcement.meshTag, segment);
    this.complaints.add("malformed", "records that make no node", found.malformed);
    this.complaints.add("other-mesh", "another mesh on this LAN", found.otherMesh);
    this.complaints.add("foreign", "addresses outside our subnets", found.foreign);
    for (const sighting of found.sightings) {
      if (sighting.id === announcement.id) continue;
      const hint = this.book.see(segment.key, sighting, clock.monotonicMs());
      if (hint !== undefined) this.emit(hint);
    }
  }

  private farewell({ querier, responder, socket }: Ear): Promise<void> {
    querier.close();
    return new Promise((resolve) => {
      const cancel = this.options.timers.set(GOODBYE_MS_MAX, () => socket.close(resolve));
      responder.goodbye(() => {
        cancel();
        socket.close(resolve);
      });
    });
  }
}

function nameOf({ name, family }: Segment): string {
  return `${name} ${family}`;
}
