import { SeededRandom } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import { DEFAULT_PARAMETERS, type OverlayParameters } from "../overlay/parameters.ts";
import { Checks, LOOK_MS } from "./checks.ts";
import { SimClock } from "./clock.ts";
import type { Segment } from "./discovery.ts";
import { type Framing, unknownFrame } from "./frames.ts";
import { type HostTraits, SimHost, type SimProcess } from "./host.ts";
import { Network } from "./network.ts";
import { Oracle } from "./oracle.ts";
import { Scheduler } from "./scheduler.ts";
import { Trace } from "./trace.ts";
import type { SimTransport } from "./transport.ts";

export interface WorldOptions {
  readonly seed: number;
  readonly parameters?: Partial<OverlayParameters>;
  readonly framing?: Framing;
  /** Given each line of the event log. */
  readonly print?: (line: string) => void;
}

const NEWS_MS = 7_000;

/** A whole mesh under one scheduler: one seed, one history. */
export class World implements Segment {
  readonly scheduler = new Scheduler();
  readonly trace: Trace;
  readonly random: SeededRandom;
  readonly network: Network;
  readonly oracle = new Oracle();
  readonly checks: Checks;
  readonly hosts: SimHost[] = [];
  readonly parameters: OverlayParameters;
  /** Rare states that this history went through, and how often. */
  readonly reached = new Map<string, number>();
  hears = true;

  constructor(readonly options: WorldOptions) {
    this.trace = new Trace(options.print);
    this.random = new SeededRandom(options.seed);
    this.network = new Network(this.scheduler, this.random.fork(), this.trace);
    this.parameters = { ...DEFAULT_PARAMETERS, ...options.parameters };
    this.checks = new Checks(this);
    if (options.framing === undefined || options.framing === "by-reference") {
      this.network.watch = (from, to, message) => this.checks.onMessage(from, to, message);
    }
    this.look();
  }

  /** Adds a machine, off. `rate` is how fast its clocks run. */
  add(
    name: string,
    { rate = 1, ...traits }: HostTraits & { readonly rate?: number } = {},
  ): SimHost {
    const host = new SimHost(name, {
      framing: this.options.framing ?? "by-reference",
      ...traits,
      clock: new SimClock(this.scheduler, rate),
      segment: this,
      parameters: this.parameters,
      random: this.random.fork(),
      onStart: (one, process) => this.onStart(one, process),
    });
    this.hosts.push(host);
    return host;
  }

  /** Adds machines called pi-0, pi-1 and so on, and starts them. */
  office(count: number): readonly SimHost[] {
    const hosts = Array.from({ length: count }, (_, at) => this.add(`pi-${at}`));
    for (const host of hosts) host.start();
    return hosts;
  }

  running(): readonly SimTransport[] {
    const transports: SimTransport[] = [];
    for (const { process, isFrozen } of this.hosts) {
      if (process !== undefined && !isFrozen) transports.push(process.transport);
    }
    return transports;
  }

  members(): readonly SimHost[] {
    return this.hosts.filter(({ isMember }) => isMember);
  }

  /** Notes that a rare state was reached. */
  reach(what: string, times = 1): void {
    if (times > 0) this.reached.set(what, (this.reached.get(what) ?? 0) + times);
  }

  /** Notes what a fault did. */
  note(host: string, what: string, other = ""): void {
    this.trace.note(this.scheduler.nowMs, host, what, other);
  }

  run(spanMs: Millis): void {
    this.scheduler.runFor(spanMs);
  }

  /** Runs until the condition holds; gives the virtual time it took, or undefined at the limit. */
  runUntil(holds: () => boolean, limitMs: Millis, stepMs: Millis = 100): Millis | undefined {
    const startedMs = this.scheduler.nowMs;
    while (!holds()) {
      if (this.scheduler.nowMs - startedMs >= limitMs) return undefined;
      this.run(stepMs);
    }
    return this.scheduler.nowMs - startedMs;
  }

  /** Cuts every path between two groups. What it gives back mends them. */
  cut(left: readonly SimHost[], right: readonly SimHost[]): () => void {
    const undo = left.flatMap((one) =>
      right.flatMap((other) => [
        this.network.block(one.name, other.name),
        this.network.block(other.name, one.name),
      ]),
    );
    return () => {
      for (const mend of undo) mend();
    };
  }

  private onStart(host: SimHost, process: SimProcess): void {
    this.note(host.name, "start", process.boot);
    process.node.onEntries((entries) => this.checks.onEntries(host, entries));
    if (host.parts.framing === "newer") this.speakNewer(process);
  }

  /** A later version also sends messages that nobody here has heard of. */
  private speakNewer({ node, transport, overlay }: SimProcess): void {
    node.every(NEWS_MS, () => {
      this.reach("a message of a later version");
      for (const id of overlay.membership.views.active.keys()) transport.send(id, unknownFrame());
    });
  }

  private look(): void {
    this.scheduler.set(LOOK_MS, () => {
      this.checks.look();
      this.look();
    });
  }
}
