import { err, ok, type Result } from "../base/result.ts";
import type { Clock } from "../base/time.ts";
import {
  nextPicture,
  nextPlace,
  type PlanPicture,
  type PlanPlace,
  placeKey,
  planPicture,
  planPlaces,
} from "../office/plan.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";
import type { PlanSide, WriteRefusal } from "./read-side.ts";
import { notWritten } from "./targets.ts";

export interface PlanParts {
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
}

/** The office's floor plan: asked of the replica, drawn through this node. */
export class Plan implements PlanSide {
  constructor(private readonly parts: PlanParts) {}

  places(): ReadonlyMap<string, PlanPlace> {
    return planPlaces(this.parts.replica);
  }

  picture(): PlanPicture | undefined {
    return planPicture(this.parts.replica);
  }

  place(room: string, at: PlanPlace | undefined): Result<void, WriteRefusal> {
    const { node, replica, clock } = this.parts;
    node.settleLives();
    const bytes = nextPlace(replica, room, replica.tick(clock.wallMs()), at);
    const written = node.write(placeKey(room), bytes, "durable");
    return written.ok ? written : err(notWritten(written.error));
  }

  draw(picture: PlanPicture): Result<void, WriteRefusal> {
    const { node, replica, clock } = this.parts;
    node.settleLives();
    for (const [key, value] of nextPicture(replica, replica.tick(clock.wallMs()), picture)) {
      const written = node.write(key, value, "durable");
      if (!written.ok) return err(notWritten(written.error));
    }
    return ok(undefined);
  }
}
