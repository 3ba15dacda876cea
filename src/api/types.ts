import type { Kind, Unit } from "../reading/kind.ts";

/**
 * The JSON documents of `/v1`. Their names are a contract with other people's scripts: fields may
 * be added, never renamed. Spans end in `_s` (seconds), `at` and `started` are RFC 3339 in UTC.
 */

/** A `did:key`. */
export type Id = string;
export type Instant = string;

export interface HealthDocument {
  readonly status: "ok" | "degraded";
  readonly checks: Readonly<
    Record<string, { readonly status: "ok" | "degraded"; readonly detail: string }>
  >;
}

/** What a sensor last gave, before its filters and after them. */
export interface SensorValueDocument {
  readonly sensor: string;
  readonly kind: Kind;
  readonly unit: Unit;
  readonly raw: number | boolean;
  /** Null before the filters have let anything by. */
  readonly value: number | boolean | null;
}

export interface SensorDocument {
  readonly name: string;
  readonly platform: string;
  readonly kinds: readonly Kind[];
  readonly state: "ok" | "failing" | "simulated";
  /** What is wrong and what to do; null where nothing is. */
  readonly error: string | null;
  readonly values: readonly SensorValueDocument[];
}

/** `GET /v1/sensors/found`. */
export interface BusesDocument {
  readonly found: readonly {
    readonly where: string;
    readonly what: string;
    readonly state: "used" | "new" | "unknown";
  }[];
  readonly troubles: readonly { readonly where: string; readonly says: string }[];
  readonly buses: number;
  /** Lines for `watercooler.yaml`; empty where nothing is new. */
  readonly yaml: string;
}

export interface SelfDocument {
  readonly id: Id;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly started: Instant;
  readonly uptime_s: number;
  readonly addresses: readonly string[];
  /** SHA-256 of the mesh's certificate authority for HTTPS; null where it has none. */
  readonly authority: string | null;
  readonly sensors: readonly SensorDocument[];
}

export interface NodeDocument {
  readonly id: Id;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly addresses: readonly string[];
  /** Where its own API answers. */
  readonly api: readonly string[];
  readonly state: "alive" | "silent" | "retired";
  readonly age_s: number;
  /** Its active view as it last told it. */
  readonly links: readonly Id[];
}

export interface LinkDocument {
  readonly id: Id;
  readonly name: string;
  readonly address: string;
  readonly wire: number | null;
  /** Null until the first keep-alive came back. */
  readonly rtt_ms: number | null;
  readonly bytes_in: number;
  readonly bytes_out: number;
}

export interface MeshDocument {
  readonly mesh: string;
  readonly self: Id;
  readonly active: readonly Id[];
  readonly passive: readonly Id[];
  readonly nodes: number;
  readonly digest: string;
  readonly entries: number;
  readonly broadcast: { readonly eager: readonly Id[]; readonly lazy: readonly Id[] };
  readonly links: readonly LinkDocument[];
}

/** A reading inside its room, under its kind. */
export interface RoomReadingDocument {
  readonly value: number | boolean;
  readonly unit: Unit;
  /** `<node name>/<sensor name>`. */
  readonly sensor: string;
  readonly node: Id;
  readonly at: Instant;
  readonly age_s: number;
  readonly stale: boolean;
  /** True where the `simulated` platform made it up. */
  readonly simulated: boolean;
}

export interface ReadingDocument extends RoomReadingDocument {
  readonly room: string;
  readonly kind: Kind;
}

export interface TargetDocument {
  readonly value: number | boolean;
  readonly unit: Unit;
  /** The node on which it was set. */
  readonly by: string;
  readonly at: Instant;
  /** What others set at the same time, until somebody sets it again; null: they cleared it. */
  readonly concurrent: readonly {
    readonly value: number | boolean | null;
    readonly by: string;
    readonly at: Instant;
  }[];
}

/** A target by itself, with where it belongs. */
export interface RoomTargetDocument extends TargetDocument {
  readonly room: string;
  readonly kind: Kind;
}

export interface RoomDocument {
  readonly room: string;
  readonly readings: Readonly<Partial<Record<Kind, RoomReadingDocument>>>;
  readonly targets: Readonly<Partial<Record<Kind, TargetDocument>>>;
  /** Each is null where no sensor tells. */
  readonly occupancy: {
    readonly motion: boolean | null;
    readonly count: number | null;
    /** What motion, fading, and the count come to together. */
    readonly occupied: boolean | null;
    /** How likely somebody is there, from 0 to 1. */
    readonly likelihood: number | null;
  };
  readonly advice: readonly string[];
}

export interface DeviceDocument {
  /** Lower case, colons. */
  readonly mac: string;
  /** The address most lately confirmed. */
  readonly ip: string;
  /** All addresses now held, that one first. */
  readonly ips: readonly string[];
  readonly hostname?: string;
  /** Who says that it is theirs. */
  readonly person?: string;
  /** All who say so, where they are several. */
  readonly conflict?: readonly string[];
  readonly seen_by: readonly Id[];
  readonly at: Instant;
  readonly age_s: number;
}

export interface PersonDocument {
  readonly person: string;
  readonly in: boolean;
  /** When they came, or were last seen; null where they never were. */
  readonly since: Instant | null;
  /** Where they are: only where each room's Pis are on a network of their own. */
  readonly room?: string;
  readonly devices: readonly {
    readonly mac: string;
    /** Null, as the age, while nobody has seen it. */
    readonly ip: string | null;
    readonly last_seen_s: number | null;
    /** Who else says that it is theirs: absent where nobody does. */
    readonly conflict?: readonly string[];
  }[];
}

/** The device that asks. */
export interface CallerDocument {
  readonly mac: string;
  readonly ip: string;
  /** True for an address that the device made up, perhaps for this Wi-Fi alone. */
  readonly private_address: boolean;
  readonly person?: string;
  /** All who say that it is theirs, where they are several. */
  readonly conflict?: readonly string[];
}

/** What `POST /v1/readings` takes, alone or in an array. */
export interface PushDocument {
  readonly sensor: string;
  readonly kind: Kind;
  readonly value: number | boolean;
  readonly room?: string;
  /** Of a count: so many went through a door, this way; else it says how many are in. */
  readonly passage?: "in" | "out";
}

export interface PushedDocument {
  readonly accepted: number;
}

export interface AnswerDocument {
  /** Plain text of one or more lines. */
  readonly answer: string;
  readonly intent: string;
  /** Of the oldest thing that the answer rests on; absent where it rests on nothing. */
  readonly age_s?: number;
  /** The nodes that told what the answer rests on. */
  readonly sources?: readonly Id[];
}

/** One thing that one node said. */
export interface FactDocument {
  /** `room/kitchen`, `node/kitchen-pi`, `sensor/kitchen-pi/box`, `device/MAC`, `person/Ana`. */
  readonly entity: string;
  readonly attribute: string;
  /** Null where a moment was asked for and it was said anew since: `at` says when. */
  readonly value: number | boolean | string | null;
  readonly unit?: Unit;
  /** The node whose signed entry says so. */
  readonly from: Id;
  /** Who or what it comes from: a sensor, or the node itself. */
  readonly by: string;
  readonly at: Instant;
  readonly age_s: number;
}

/** The office's floor plan. */
export interface PlanDocument {
  /** Where its picture is; null where there is none. */
  readonly picture: string | null;
  /** Where rooms lie, from 0 to 1 of its width and height. */
  readonly places: Readonly<Record<string, { readonly x: number; readonly y: number }>>;
}

/** Whether the demo's office is cut in two. */
export interface DemoDocument {
  readonly cut: boolean;
}

/** Power that was given to a key. */
export interface GrantDocument {
  readonly id: string;
  /** A word of `grant --can`, or a command. */
  readonly can: string;
  /** The only room that it is for; null where it is for all. */
  readonly room: string | null;
  readonly name: string | null;
  /** The did:key that may use it. */
  readonly key: Id;
  readonly by: Id;
  /** Null: it does not expire. */
  readonly expires: Instant | null;
}

/** `tokens` is a UCAN container of the delegations from the mesh's root to the key. */
export interface GrantTokensDocument {
  readonly tokens: string;
}

export interface MadeGrantDocument extends GrantDocument, GrantTokensDocument {}

/** One kind of readings of a room over time. */
export interface HistoryDocument {
  readonly room: string;
  readonly kind: Kind;
  readonly unit: Unit;
  readonly from: Instant;
  readonly to: Instant;
  readonly step_s: number;
  /** Start of a step, mean, least and greatest; steps without readings are left out. */
  readonly points: readonly (readonly [Instant, number, number, number])[];
}

/** A part of one sensor's past; two nodes that have the same have the same hash. */
export interface SegmentDocument {
  readonly node: Id;
  readonly sensor: string;
  readonly tier: "raw" | "minute" | "hour";
  readonly start: Instant;
  readonly sha256: string;
  /** Its node has closed it: no reading is missing. */
  readonly sealed: boolean;
}

/** RFC 9457. */
export interface ProblemDocument {
  readonly type: "about:blank";
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

/** The first message on `/v1/live`. */
export interface LiveSnapshot {
  readonly type: "snapshot";
  readonly rooms: readonly RoomDocument[];
  readonly people: readonly PersonDocument[];
  readonly nodes: readonly NodeDocument[];
  readonly network: readonly DeviceDocument[];
  readonly mesh: MeshDocument;
  readonly node: SelfDocument;
}

/** What is no longer there: rooms and people by name, nodes by id, devices by MAC. */
export interface GoneDocument {
  readonly rooms?: readonly string[];
  readonly people?: readonly string[];
  readonly nodes?: readonly Id[];
  readonly network?: readonly string[];
}

/** What changed since the message before; one with nothing in it only says "still here". */
export interface LiveChange {
  readonly type: "change";
  readonly rooms?: readonly RoomDocument[];
  readonly people?: readonly PersonDocument[];
  readonly nodes?: readonly NodeDocument[];
  readonly network?: readonly DeviceDocument[];
  readonly mesh?: MeshDocument;
  readonly node?: SelfDocument;
  readonly gone?: GoneDocument;
}

export type LiveMessage = LiveSnapshot | LiveChange;
