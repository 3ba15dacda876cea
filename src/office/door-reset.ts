import type { NodeId } from "../base/id.ts";
import { HOUR_MS, MINUTE_MS, type Millis } from "../base/time.ts";
import { type PnCounter, pnCounter } from "../crdt/pn-counter.ts";
import type { DoorFold } from "./doors.ts";

/** What one node knows when it considers a room's count. */
export interface ResetQuestion {
  readonly self: NodeId;
  readonly fold: DoorFold;
  /** From where on this node itself says that the room is counted. */
  readonly said: PnCounter;
  /** Nodes not heard of for a while, and those of them whose place nobody has taken. */
  readonly silent: ReadonlySet<NodeId>;
  readonly lost: ReadonlySet<NodeId>;
  /** How long ago something moved in the room; undefined where nothing tells. */
  readonly movedMs: Millis | undefined;
  /** By this node's wall clock, how long ago the hour of the day was at which counts begin anew. */
  readonly sinceResetHourMs: Millis | undefined;
}

/** So long without a soul, whatever the clocks say, and a room is empty. A guess. */
const DESERTED_MS = 6 * HOUR_MS;
/** In the hours after the one at which counts begin anew, less is enough. Guesses. */
const STILL_MS = 30 * MINUTE_MS;
const NIGHT_MS = 3 * HOUR_MS;
/** Longer than a node that is alive keeps still, in a mesh of up to 100 (`livenessSpans`). */
const SETTLED_MS = 2 * MINUTE_MS;

/**
 * From where on this node has to say that a room is counted; undefined where nothing changes.
 *
 * A count is taken back to nobody when the room was deserted, sooner in the hours after the one
 * that the configuration names, and when more went out than came in, for then somebody was missed.
 * A wall clock that is wrong can at worst take back the count of a room that was still for half an
 * hour. One node does so, the first by its identity of those alive that count there; the others
 * repeat what it said, so that it stands when that node is retired.
 */
export function dueReset(question: ResetQuestion): PnCounter | undefined {
  const { fold, said } = question;
  if (!fold.origins.includes(question.self)) return undefined;
  const wanted = isDue(question) ? pnCounter.join(fold.from, fold.passed) : fold.from;
  return pnCounter.equals(wanted, said) ? undefined : wanted;
}

function isDue(question: ResetQuestion): boolean {
  const { self, fold, silent, lost, movedMs, sinceResetHourMs } = question;
  const { net, origins, quietMs } = fold;
  const [first] = origins.filter((id) => !silent.has(id)).sort();
  if (net === 0 || first !== self) return false;
  const isHeard = origins.every((id) => !lost.has(id));
  if (net < 0 && isHeard && quietMs >= SETTLED_MS) return true;
  const stillMs = Math.min(quietMs, movedMs ?? Infinity);
  const isNight = sinceResetHourMs !== undefined && sinceResetHourMs < NIGHT_MS;
  return stillMs >= DESERTED_MS || (isNight && stillMs >= STILL_MS);
}
