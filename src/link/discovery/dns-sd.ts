import { createHash } from "node:crypto";
import type { Answer } from "dns-packet";
import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { Address, NodeId } from "../../base/id.ts";
import type { Log } from "../../base/log.ts";
import { jittered, type Random } from "../../base/random.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Announcement, Discovery, DiscoveryState, Hint } from "../discovery-port.ts";
import { type Segment, scanSegments } from "./interfaces.ts";
import { PacketBudget } from "./packet-budget.ts";
import { recordsOf, SERVICE, type Sighting, sightingsIn, TTL_S } from "./records.ts";

/** Interfaces come and go (a Wi-Fi stick, DHCP); this often they are looked at again. */
const SCAN_MS = 2 * SECOND_MS;
/** First pause between questions; it doubles up to the last (RFC 6762, section 5.2). */
const QUERY_MS_FIRST = 1 * SECOND_MS;
const QUERY_MS_LAST = 64 * SECOND_MS;
/** A lonely node asks again no sooner than this. */
const REFRESH_MS = 5 * SECOND_MS;
/** Answers wait a little, so that everybody's don't collide (RFC 6762, section 6). */
const ANSWER_MS = [20, 120] as const;
/** Second announcement after the first (RFC 6762, section 8.3). */
const ANNOUNCE_AGAIN_MS = 1 * SECOND_MS;
/** Nodes remembered. */
const SEEN_MAX = 256;

/** What of multicast-dns is used here. */
interface Responder {
  on(event: string, listener: (packet: never) => void): void;
  query(packet: object): void;
  respond(packet: object): void;
  destroy(done?: () => void): void;
}

interface Ear {
  readonly segment: Segment;
  readonly responder: Responder;
  readonly budget: PacketBudget;
  cancelAnswer: (() => void) | undefined;
}

export interface DnsSdOptions {
  readonly announcement: Announcement;
  readonly interfaces: readonly string[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/**
 * DNS-SD (RFC 6763) over multicast DNS (RFC 6762): one socket for every interface and family, so
 * that it works with no default route, on IPv6 alone, and after an interface was made anew.
 */
export class DnsSd implements Discovery {
  private readonly ears = new Map<string, Ear>();
  private readonly seen = new Map<NodeId, readonly Address[]>();
  private readonly fingerprint: string;
  private readonly cancels = new Set<() => void>();
  private emit: (hint: Hint) => void = () => {};
  private queryMs: Millis = QUERY_MS_FIRST;
  private cancelQuery: () => void = () => {};
  private refreshedMs: Millis = Number.NEGATIVE_INFINITY;
  private hints = 0;
  private stopped = false;
  private open: ((options: object) => Responder) | undefined;

  constructor(private readonly options: DnsSdOptions) {
    const digest = createHash("sha256").update(options.announcement.id).digest("hex");
    this.fingerprint = digest.slice(0, 16);
  }

  async start(listener: (hint: Hint) => void): Promise<void> {
    this.emit = listener;
    const { default: open } = await import("multicast-dns");
    this.open = open as unknown as (options: object) => Responder;
    this.scan();
    this.queryLater();
  }

  refresh(): void {
    const nowMs = this.options.clock.monotonicMs();
    if (this.stopped || nowMs - this.refreshedMs < REFRESH_MS) return;
    this.refreshedMs = nowMs;
    this.seen.clear();
    this.queryMs = QUERY_MS_FIRST;
    this.queryLater();
    this.query();
  }

  state(): readonly DiscoveryState[] {
    const names = [...this.ears.values()].map(({ segment }) => `${segment.name} ${segment.family}`);
    const blind = names.length === 0;
    return [
      {
        source: "dns-sd",
        state: blind ? "blind" : "working",
        detail: blind ? "no network interface is up" : names.join(", "),
        hints: this.hints,
      },
    ];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancelQuery();
    for (const cancel of this.cancels) cancel();
    await Promise.all([...this.ears.values()].map((ear) => this.farewell(ear)));
    this.ears.clear();
  }

  private scan(): void {
    const segments = new Map(
      scanSegments(this.options.interfaces).map((segment) => [segment.key, segment]),
    );
    for (const [key, { responder, cancelAnswer }] of this.ears) {
      if (segments.has(key)) continue;
      cancelAnswer?.();
      responder.destroy();
      this.ears.delete(key);
    }
    for (const [key, segment] of segments) if (!this.ears.has(key)) this.listen(key, segment);
    this.after(SCAN_MS, () => this.scan());
  }

  private listen(key: string, segment: Segment): void {
    const v6 = segment.family === "IPv6";
    let responder: Responder | undefined;
    try {
      responder = this.open?.(
        v6
          ? { type: "udp6", ip: "ff02::fb", interface: `::%${segment.name}`, bind: "::" }
          : { interface: segment.address, bind: "0.0.0.0" },
      );
    } catch (error) {
      this.options.log.write("debug", "mDNS socket", { error: (error as Error).message });
    }
    if (responder === undefined) return;
    const ear = { segment, responder, budget: new PacketBudget(), cancelAnswer: undefined };
    this.ears.set(key, ear);
    // A socket that fails is closed; the next scan opens another.
    responder.on("error", () => this.drop(key, ear));
    responder.on("warning", () => {});
    responder.on("query", (packet: { questions: unknown; answers: unknown }) =>
      this.onQuery(ear, packet),
    );
    responder.on("response", (packet: { answers: Answer[]; additionals?: Answer[] }) =>
      this.onResponse(ear, packet),
    );
    this.say(ear, TTL_S);
    this.ask(ear);
    this.after(ANNOUNCE_AGAIN_MS, () => this.say(ear, TTL_S));
  }

  private drop(key: string, ear: Ear): void {
    if (this.ears.get(key) !== ear) return;
    this.ears.delete(key);
    ear.cancelAnswer?.();
    ear.responder.destroy();
  }

  private onQuery(ear: Ear, packet: { questions: unknown; answers: unknown }): void {
    const questions = Array.isArray(packet.questions) ? packet.questions : [];
    const ours = [SERVICE, `${this.fingerprint}.${SERVICE}`, `${this.fingerprint}.local`];
    const asked = questions.some(({ name }) => ours.includes(String(name).toLowerCase()));
    const known = Array.isArray(packet.answers) ? packet.answers : [];
    // Known-answer suppression (RFC 6762, section 7.1).
    const knowsUs = known.some(
      ({ type, data, ttl }) =>
        type === "PTR" &&
        String(data).toLowerCase().startsWith(this.fingerprint) &&
        Number(ttl) >= TTL_S / 2,
    );
    if (!asked || knowsUs || ear.cancelAnswer !== undefined) return;
    const [soonMs, lateMs] = ANSWER_MS;
    const afterMs = soonMs + this.options.random.next() * (lateMs - soonMs);
    ear.cancelAnswer = this.after(afterMs, () => {
      ear.cancelAnswer = undefined;
      this.say(ear, TTL_S);
    });
  }

  private onResponse(ear: Ear, packet: { answers: Answer[]; additionals?: Answer[] }): void {
    const records = [...(packet.answers ?? []), ...(packet.additionals ?? [])];
    const { announcement } = this.options;
    for (const sighting of sightingsIn(records, announcement.meshTag, ear.segment)) {
      if (sighting.id !== announcement.id) this.see(sighting);
    }
  }

  private see({ id, addresses, isThere }: Sighting): void {
    // A goodbye drops the hint and no more: a living link says more than a packet anyone can send.
    if (isThere === "leaving") this.seen.delete(id);
    if (isThere === "leaving" || addresses.length === 0) return;
    const known = this.seen.get(id) ?? [];
    if (addresses.every((address) => known.includes(address))) return;
    if (this.seen.size >= SEEN_MAX && !this.seen.has(id)) return;
    const all = [...new Set([...addresses, ...known])].slice(0, 8);
    this.seen.set(id, all);
    this.hints += 1;
    this.emit({ id, addresses: all, source: "dns-sd" });
  }

  private query(): void {
    for (const ear of this.ears.values()) this.ask(ear);
  }

  private queryLater(): void {
    this.cancelQuery();
    const afterMs = jittered(this.options.random, this.queryMs, 0.3);
    this.cancelQuery = this.options.timers.set(afterMs, () => {
      if (this.stopped) return;
      this.query();
      this.queryMs = Math.min(QUERY_MS_LAST, this.queryMs * 2);
      this.queryLater();
    });
  }

  private ask(ear: Ear): void {
    if (!ear.budget.take(this.options.clock.monotonicMs())) return;
    const answers = [...this.seen.keys()].map((id) => ({
      type: "PTR",
      name: SERVICE,
      ttl: TTL_S,
      data: `${createHash("sha256").update(id).digest("hex").slice(0, 16)}.${SERVICE}`,
    }));
    this.quietly(() =>
      ear.responder.query({ questions: [{ name: SERVICE, type: "PTR" }], answers }),
    );
  }

  private say(ear: Ear, ttl: number): void {
    if (ttl > 0 && !ear.budget.take(this.options.clock.monotonicMs())) return;
    const answers = recordsOf(this.options.announcement, this.fingerprint, ear.segment, ttl);
    this.quietly(() => ear.responder.respond({ answers }));
  }

  private farewell(ear: Ear): Promise<void> {
    this.say(ear, 0);
    return new Promise((resolve) => {
      const done = this.options.timers.set(SECOND_MS, resolve);
      ear.responder.destroy(() => {
        done();
        resolve();
      });
    });
  }

  private quietly(send: () => void): void {
    try {
      send();
    } catch (error) {
      this.options.log.write("debug", "mDNS send", { error: (error as Error).message });
    }
  }

  private after(spanMs: Millis, run: () => void): () => void {
    const cancel = this.options.timers.set(spanMs, () => {
      this.cancels.delete(cancel);
      if (!this.stopped) run();
    });
    this.cancels.add(cancel);
    return cancel;
  }
}
