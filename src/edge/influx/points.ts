import type { Millis } from "../../base/time.ts";
import type { ReadingView } from "../../office/views.ts";
import type { Kind } from "../../reading/kind.ts";
import type { Point } from "./line.ts";

/** Sensors that are remembered; a mesh of 200 Pis with 10 each has as many. */
const SENSORS_MAX = 4_000;

/** Tells which readings are new since it was last asked. */
export class Fresh {
  /** What was last taken of each sensor and kind. */
  private readonly taken = new Map<string, string>();

  /** What is new, as points; `nowMs` is the time of the day by whose clock they are dated. */
  take(readings: readonly ReadingView[], nowMs: Millis): readonly Point[] {
    const points = new Map<string, Point & { readonly values: Map<Kind, number> }>();
    for (const reading of readings) {
      const { node, sensor, room, kind, value, atWallMs, ageMs, simulated } = reading;
      const key = `${node} ${sensor} ${kind} ${room}`;
      // When its own clock says it was: as good as a number for telling a reading from the next.
      const what = `${atWallMs} ${value}`;
      if (this.taken.get(key) === what) continue;
      if (this.taken.size >= SENSORS_MAX && !this.taken.has(key)) continue;
      if (reading.stale) continue;
      this.taken.set(key, what);
      const slash = sensor.indexOf("/");
      const at = `${node} ${sensor} ${room} ${atWallMs}`;
      const point = points.get(at) ?? {
        room,
        node: sensor.slice(0, slash),
        sensor: sensor.slice(slash + 1),
        simulated,
        values: new Map<Kind, number>(),
        // Its age is by this node's monotonic clock: no Pi's idea of the date is asked.
        atMs: nowMs - ageMs,
      };
      point.values.set(kind, Number(value));
      points.set(at, point);
    }
    return [...points.values()];
  }
}
