import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Clock } from "../base/time.ts";
import { nextTarget, targetKey, targetView, targetViews } from "../office/targets.ts";
import type { TargetView } from "../office/views.ts";
import { isPlausible, type Kind } from "../reading/kind.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node, WriteFailure } from "./node.ts";
import type { WriteRefusal } from "./read-side.ts";

export interface TargetsParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
}

/** What people want of rooms: asked of the replica, set through this node. */
export class Targets {
  constructor(private readonly parts: TargetsParts) {}

  all(): readonly TargetView[] {
    return targetViews(this.parts.replica);
  }

  /** One target; undefined where none is set. */
  get(room: string, kind: Kind): TargetView | undefined {
    return targetView(this.parts.replica, room, kind);
  }

  /** Sets a target, durably. Gives it as it is stored. */
  set(room: string, kind: Kind, value: number): Result<TargetView, WriteRefusal> {
    if (!isPlausible(kind, value)) {
      return err({ status: 422, detail: `${value} can't be a ${kind}` });
    }
    const written = this.write(room, kind, value);
    if (!written.ok) return written;
    const stored = this.get(room, kind);
    return stored === undefined ? err(notWritten("broken")) : ok(stored);
  }

  /** Clears a target, durably; one that is not set is left alone. */
  clear(room: string, kind: Kind): Result<void, WriteRefusal> {
    return this.get(room, kind) === undefined ? ok(undefined) : this.write(room, kind, undefined);
  }

  private write(room: string, kind: Kind, value: number | undefined): Result<void, WriteRefusal> {
    const { node, replica, clock } = this.parts;
    // First: a former life that is heard of just now may have set it too.
    node.settleLives();
    const bytes = nextTarget(replica, room, kind, replica.tick(clock.wallMs()), value);
    const written = node.write(targetKey(room, kind), bytes, "durable");
    return written.ok ? written : err(notWritten(written.error));
  }
}

/** The refusal for a write that did not reach the disk. */
export function notWritten(failure: WriteFailure): WriteRefusal {
  if (failure === "forgotten") {
    return { status: 409, detail: "this node was put out of the mesh: run watercooler rekey" };
  }
  if (failure === "replaced") {
    return { status: 409, detail: "another node has this one's place: run watercooler rekey" };
  }
  if (failure === "clone") return { status: 409, detail: "another node runs as this one" };
  return { status: 507, detail: `not kept: the store takes no writes (${failure})` };
}
