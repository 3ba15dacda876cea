import type { NodeId } from "../base/id.ts";
import type { LinkFailure } from "./port.ts";
import { isTold, type Pipe, type Wire } from "./wire.ts";

/** Calls a task later; those of one lane in the order in which they were handed over. */
export type Schedule = (task: () => void, lane: object) => void;

/** One end of a connection that exists in memory alone. */
export class MemoryPipe implements Pipe {
  bytesIn = 0;
  bytesOut = 0;
  bufferedBytes = 0;
  private far: MemoryPipe | undefined;
  private wire: Wire | undefined;
  private open = true;
  private reads = true;

  private constructor(
    private readonly schedule: Schedule,
    readonly owner: NodeId,
  ) {}

  /** The two ends of a new connection. */
  static pair(schedule: Schedule, one: NodeId, other: NodeId): readonly [MemoryPipe, MemoryPipe] {
    const near = new MemoryPipe(schedule, one);
    const far = new MemoryPipe(schedule, other);
    near.far = far;
    far.far = near;
    return [near, far];
  }

  get isOpen(): boolean {
    return this.open;
  }

  /** Whether the connection is between these two. */
  joins(one: NodeId, other: NodeId): boolean {
    const ends = [this.owner, this.far?.owner];
    return ends.includes(one) && ends.includes(other);
  }

  feed(wire: Wire): void {
    this.wire = wire;
  }

  send(bytes: Uint8Array): void {
    if (!this.open) return;
    // A copy: the sender may use its buffer again.
    const copy = new Uint8Array(bytes);
    this.bytesOut += copy.length;
    this.bufferedBytes += copy.length;
    this.schedule(() => {
      if (this.far?.reads === false) return;
      this.bufferedBytes -= copy.length;
      this.far?.arrive(copy);
    }, this);
  }

  close(reason: LinkFailure): void {
    if (!this.open) return;
    this.open = false;
    const heard = reason !== "local" && isTold(reason) ? reason : "closed";
    this.schedule(() => this.far?.hangUp(heard), this);
  }

  /** The connection is gone for this end. */
  hangUp(reason: LinkFailure = "closed"): void {
    if (!this.open) return;
    this.open = false;
    this.wire?.end(reason);
  }

  /** This end takes nothing any more: what is sent to it waits at the other. */
  deafen(): void {
    this.reads = false;
  }

  private arrive(bytes: Uint8Array): void {
    if (!this.open) return;
    this.bytesIn += bytes.length;
    this.wire?.receive(bytes);
  }
}
