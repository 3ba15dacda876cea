import type { Address, NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import type { Kind, Unit } from "../reading/kind.ts";

/** The newest value of one sensor and kind. */
export interface ReadingView {
  readonly node: NodeId;
  /** The node's name and the sensor's: `meeting-room-pi/climate`. */
  readonly sensor: string;
  readonly room: string;
  readonly kind: Kind;
  readonly value: number | boolean;
  readonly unit: Unit;
  /** When it was taken, by its writer's clock: for people, never for decisions. */
  readonly atWallMs: Millis;
  /** How long ago it was taken, as far as this node can tell by its own monotonic clock. */
  readonly ageMs: Millis;
  readonly stale: boolean;
  readonly simulated: boolean;
  /** Of a motion sensor that sees none: for how long before the reading; undefined: not known. */
  readonly stillMs?: Millis | undefined;
}

/** Who is in a room, as its doors and motion sensors tell. */
export interface OccupancyView {
  /** People counted in, never below zero; undefined where nothing counts. */
  readonly count: number | undefined;
  /** How likely somebody is there, from 0 to 1, and what that comes to; absent: nothing tells. */
  readonly likelihood?: number;
  readonly state?: "taken" | "empty";
  /** How long ago something moved, and somebody went through a door, where that is known. */
  readonly movedMs?: Millis | undefined;
  readonly passedMs?: Millis | undefined;
  /** The nodes that tell. */
  readonly sources: readonly NodeId[];
}

/** A target and, where people set it at once on two sides of a cut, what the others set. */
export interface TargetView {
  readonly room: string;
  readonly kind: Kind;
  readonly value: number | boolean;
  readonly unit: Unit;
  /** The node on which it was set. */
  readonly by: string;
  /** By that node's clock: for people, never for decisions. */
  readonly atWallMs: Millis;
  /** Until somebody sets it again. A value of undefined: somebody cleared it. */
  readonly concurrent: readonly {
    readonly value: number | boolean | undefined;
    readonly by: string;
    readonly atWallMs: Millis;
  }[];
}

export interface RoomView {
  readonly room: string;
  /** The freshest reading of each kind. */
  readonly readings: readonly ReadingView[];
  readonly targets: readonly TargetView[];
  /** True while any motion sensor of the room says so; undefined where there is none. */
  readonly motion: boolean | undefined;
  /** People counted in, where a counter is there. */
  readonly count: number | undefined;
  readonly occupancy?: OccupancyView;
  /** What the configuration's rules have to say of it. */
  readonly advice?: readonly string[];
}

export type NodeState = "alive" | "silent" | "retired";

export interface NodeView {
  readonly id: NodeId;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly addresses: readonly Address[];
  /** Where its API answers, `http://host:port`; empty where it has none. */
  readonly api: readonly string[];
  readonly state: NodeState;
  readonly ageMs: Millis;
  /** The active view as that node last told it. */
  readonly links: readonly NodeId[];
}

/** A device of somebody. */
export interface OwnedDeviceView {
  readonly mac: string;
  /** Undefined, as its age, while nobody has seen it. */
  readonly ip: string | undefined;
  readonly ageMs: Millis | undefined;
  /** Who says that it is theirs too. */
  readonly others: readonly string[];
}

/** Somebody who said which devices are theirs. */
export interface PersonView {
  readonly person: string;
  readonly isIn: boolean;
  /**
   * When they came, or were last seen, by the clock of the node that tells; undefined where they
   * never were.
   */
  readonly sinceWallMs: Millis | undefined;
  /** Where they are, as far as that can be told (`person-room.ts`). */
  readonly room?: string;
  readonly devices: readonly OwnedDeviceView[];
}

/** The device that a request comes from. */
export interface CallerView {
  readonly mac: string;
  readonly ip: string;
  readonly owners: readonly string[];
}

/** A device on the LAN, as all observers together know it. */
export interface DeviceView {
  readonly mac: string;
  /** The address most lately confirmed. */
  readonly ip: string;
  /** All addresses now held, that one first. */
  readonly ips: readonly string[];
  readonly hostname: string | undefined;
  /** Who says that it is theirs. */
  readonly owners?: readonly string[];
  readonly seenBy: readonly NodeId[];
  readonly atWallMs: Millis;
  readonly ageMs: Millis;
}
