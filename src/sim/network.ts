import type { Address, NodeId } from "../base/id.ts";
import type { Random } from "../base/random.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import type { LinkFailure } from "../link/port.ts";
import type { Message } from "../overlay/messages.ts";
import { messageOf } from "./frames.ts";
import { type Endpoint, SimEnd } from "./link-end.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";
import { Violation } from "./violation.ts";

/** What the network does to frames; may change while a history runs. */
export interface Weather {
  /** One-way latency: at least the first, and on average the second, exponentially beyond. */
  readonly latencyMs: readonly [Millis, Millis];
  /** Share of frames lost while their link stays up: TCP would not, a bug of ours might. */
  readonly loss: number;
  /** Share of frames that come twice. */
  readonly duplication: number;
  /** Share of frames that may overtake others or be overtaken. */
  readonly reordering: number;
}

export const CALM: Weather = { latencyMs: [1, 5], loss: 0, duplication: 0, reordering: 0 };

/** What becomes of frames on a cut path: gone, or sent again by TCP after the mend. */
export type CutFrames = "lost" | "late";

/** How long a dial over a cut path takes to fail. */
const DIAL_TIMEOUT_MS = 5 * SECOND_MS;
/** Round trips until a link is up: TCP, TLS, the hello. */
const HANDSHAKE_TRIPS = 3;

/** The network between the hosts: paths that can be cut, links that break as TCP's do. */
export class Network {
  weather: Weather = CALM;
  cutFrames: CutFrames = "lost";
  frames = 0;
  /** So many may have been sent when the checks look next. */
  framesMax = Number.POSITIVE_INFINITY;
  bytes = 0;
  dials = 0;
  links = 0;
  readonly byType = new Map<string, number>();
  /** Sees every message that is sent, for the checks. */
  watch: ((from: string, to: string, message: Message) => void) | undefined;
  private readonly transports = new Map<string, Endpoint>();
  private readonly blocked = new Map<string, number>();

  constructor(
    readonly scheduler: Scheduler,
    private readonly random: Random,
    private readonly trace: Trace,
  ) {}

  /** Puts a process on the network, in place of the host's former one. */
  attach(transport: Endpoint): void {
    this.transports.set(transport.host, transport);
  }

  /** Blocks what one host sends to another. Blocks add up: each is taken away by itself. */
  block(from: string, to: string): () => void {
    const path = `${from} ${to}`;
    this.blocked.set(path, (this.blocked.get(path) ?? 0) + 1);
    let undone = false;
    return () => {
      if (undone) return;
      undone = true;
      const left = (this.blocked.get(path) ?? 1) - 1;
      if (left > 0) this.blocked.set(path, left);
      else {
        this.blocked.delete(path);
        this.transports.get(from)?.retransmit(to);
      }
    };
  }

  /** No path is cut. */
  get isWhole(): boolean {
    return this.blocked.size === 0;
  }

  isOpen(from: string, to: string): boolean {
    return !this.blocked.has(`${from} ${to}`);
  }

  reachable(one: string, other: string): boolean {
    return this.isOpen(one, other) && this.isOpen(other, one);
  }

  latency(): Millis {
    const [least, mean] = this.weather.latencyMs;
    return least - Math.log(1 - this.random.next()) * (mean - least);
  }

  /** Carries a frame to the far end of a link, or loses it. */
  carry(end: SimEnd, frame: Uint8Array): void {
    const [from, to] = [end.transport.host, end.far.transport.host];
    this.frames += 1;
    if (this.frames > this.framesMax) throw new Violation("no message loops", "a storm of frames");
    this.bytes += frame.length;
    if (this.watch !== undefined) this.look(from, to, frame);
    if (!this.isOpen(from, to)) {
      if (this.cutFrames === "late") end.held.push(frame);
      return;
    }
    const { loss, duplication, reordering } = this.weather;
    if (loss > 0 && this.random.next() < loss) return;
    let atMs = this.scheduler.nowMs + this.latency();
    const overtakes = reordering > 0 && this.random.next() < reordering;
    if (!overtakes) {
      atMs = Math.max(atMs, end.lastArrivalMs);
      end.lastArrivalMs = atMs;
    }
    this.scheduler.at(atMs, () => this.arrive(end, frame));
    if (duplication > 0 && this.random.next() < duplication) {
      this.scheduler.at(atMs, () => this.arrive(end, frame));
    }
  }

  /** Tries to open a link from one host to whoever listens at `address`. */
  dial(
    from: Endpoint,
    { address, expected }: { address: Address; expected: NodeId | undefined },
    fail: (reason: LinkFailure) => void,
  ): void {
    const host = address.replace(/:\d+$/, "");
    this.dials += 1;
    const reachable = this.reachable(from.host, host);
    const afterMs = reachable ? HANDSHAKE_TRIPS * 2 * this.latency() : DIAL_TIMEOUT_MS;
    this.scheduler.at(this.scheduler.nowMs + afterMs, () => {
      const to = this.transports.get(host);
      const now = this.reachable(from.host, host);
      if (!from.isUp) return;
      if (!reachable || !now || to === undefined || !to.isUp) return fail("unreachable");
      if (to.self === from.self) return fail("self");
      if (expected !== undefined && to.self !== expected) return fail("wrong-identity");
      const isMember = to.who.mesh === from.who.mesh && to.admits(from.self);
      if (!isMember || !from.admits(to.self)) {
        to.refuse(from.host, "not-member");
        return fail("not-member");
      }
      this.connect(from, to);
    });
  }

  /** Tells the far end that a link is gone, unless nothing gets through. */
  reset(end: SimEnd): void {
    const { far } = end;
    if (!this.isOpen(end.transport.host, far.transport.host)) return;
    this.scheduler.at(this.scheduler.nowMs + this.latency(), () => {
      if (this.isOpen(end.transport.host, far.transport.host)) far.transport.lost(far);
    });
  }

  private connect(from: Endpoint, to: Endpoint): void {
    const end = new SimEnd(from, "self");
    this.links += 1;
    end.far = new SimEnd(to, "peer");
    end.far.far = end;
    this.trace.note(this.scheduler.nowMs, from.host, "link", to.host);
    to.up(end.far);
    this.scheduler.at(this.scheduler.nowMs + this.latency(), () => {
      if (end.state !== "new") return;
      if (this.isOpen(to.host, from.host)) from.up(end);
      else from.lost(end);
    });
  }

  private arrive(end: SimEnd, frame: Uint8Array): void {
    const { far } = end;
    const [from, to] = [end.transport.host, far.transport.host];
    if (!this.isOpen(from, to)) {
      if (this.cutFrames === "late" && end.state === "up") end.held.push(frame);
      return;
    }
    if (far.state !== "down") return far.transport.receive(far, frame);
    // Nobody is at this socket any more: the kernel of a machine that is on says so.
    if (this.transports.get(to)?.isUp) this.reset(far);
  }

  private look(from: string, to: string, frame: Uint8Array): void {
    const message = messageOf(frame);
    if (message === undefined) return;
    this.byType.set(message.type, (this.byType.get(message.type) ?? 0) + 1);
    this.watch?.(from, to, message);
  }
}
