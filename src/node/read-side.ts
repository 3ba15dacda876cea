import type { Address, NodeId } from "../base/id.ts";
import type { Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import type { ChartPoint } from "../history/chart.ts";
import type { Fact } from "../office/facts.ts";
import type { PlanPicture, PlanPlace } from "../office/plan.ts";
import type {
  CallerView,
  DeviceView,
  NodeView,
  PersonView,
  ReadingView,
  RoomView,
  TargetView,
} from "../office/views.ts";
import type { Kind } from "../reading/kind.ts";
import type {
  Forgotten,
  InvitationRequest,
  MadeInvitation,
  OwnMembership,
  PendingNode,
  Power,
  ToldInvitation,
} from "./membership-views.ts";

/** What a sensor last gave: as measured, and what its filters made of it, if they let it by. */
export interface SensorValueView {
  readonly sensor: string;
  readonly kind: Kind;
  readonly raw: number;
  readonly value?: number;
}

export interface SensorView {
  readonly name: string;
  readonly platform: string;
  readonly kinds: readonly Kind[];
  readonly state: "ok" | "failing" | "simulated";
  readonly error: string | undefined;
  /** Left out where nothing is known of it. */
  readonly values?: readonly SensorValueView[];
}

/** One thing on this machine's buses; only what is new has lines to paste. */
export interface FoundSensorView {
  /** `i2c-1 0x76`. */
  readonly where: string;
  readonly what: string;
  /** `unknown`: there is nothing to configure for it. */
  readonly state: "used" | "new" | "unknown";
}

/** What is on this machine's buses just now. */
export interface BusesView {
  readonly found: readonly FoundSensorView[];
  /** Buses that could not be looked at, each with what to do. */
  readonly troubles: readonly { readonly where: string; readonly says: string }[];
  /** I2C buses that sensors may be on. */
  readonly buses: number;
  /** For `watercooler.yaml`; none where nothing is new. */
  readonly lines: readonly string[];
}

export interface SelfView {
  readonly id: NodeId;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly startedWallMs: Millis;
  readonly uptimeMs: Millis;
  readonly addresses: readonly Address[];
  readonly sensors: readonly SensorView[];
  /** SHA-256 of the certificate of the mesh's authority for HTTPS; undefined where it has none. */
  readonly authority?: string | undefined;
}

export interface HttpsSide {
  /** The certificate of the mesh's authority, in DER; undefined where it has none. */
  certificate(): Uint8Array | undefined;
  /** Its SHA-256, as phones and browsers show it. */
  fingerprint(): string | undefined;
}

export interface LinkView {
  readonly id: NodeId;
  readonly address: Address;
  /** The wire version that both ends speak; undefined while the link goes up or down. */
  readonly wire?: number | undefined;
  /** Undefined until the first keep-alive came back. */
  readonly rttMs: number | undefined;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export interface MeshView {
  /** The mesh's identity: its root key as a did:key. */
  readonly mesh: string;
  readonly self: NodeId;
  readonly active: readonly NodeId[];
  readonly passive: readonly NodeId[];
  readonly nodes: number;
  /** Hash of the whole replicated state, hexadecimal; equal exactly when states are. */
  readonly digest: string;
  readonly entries: number;
  readonly eager: readonly NodeId[];
  readonly lazy: readonly NodeId[];
  readonly links: readonly LinkView[];
}

/** One named check of the node's health; `detail` says what to do where it is not ok. */
export interface Check {
  readonly name: string;
  readonly state: "ok" | "degraded";
  readonly detail: string;
}

/** A number the node counts, under its Prometheus name, with base units in it. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  readonly samples: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** What kinds of answers may have changed since the last call back. */
export type Topic = "rooms" | "people" | "network" | "nodes" | "mesh";

/** A value that somebody hands in for a `push` sensor of this node. */
export interface PushedReading {
  readonly sensor: string;
  readonly kind: Kind;
  readonly value: number | boolean;
  readonly room?: string;
  /** Of a count: so many went through a door, this way. */
  readonly passage?: "in" | "out";
}

/** An offset as such, or a value as measured and what it should have been. */
export type CalibrationRequest =
  | { readonly kind: Kind; readonly offset: number }
  | { readonly kind: Kind; readonly raw: number; readonly reference: number };

/** A sensor's offset as it is kept. */
export interface CalibrationView {
  readonly sensor: string;
  readonly kind: Kind;
  readonly offset: number;
}

/** Why a write was not taken, in words for whoever wrote. */
export type WriteRefusal = PushRefusal;

/** Why a pushed reading was not taken, in words for whoever pushed it. */
export interface PushRefusal {
  readonly status: 403 | 404 | 409 | 422 | 507;
  readonly detail: string;
}

/** What people want of rooms. Writes are on the disk when they return. */
export interface TargetSide {
  get(room: string, kind: Kind): TargetView | undefined;
  set(room: string, kind: Kind, value: number): Result<TargetView, WriteRefusal>;
  clear(room: string, kind: Kind): Result<void, WriteRefusal>;
}

/** Who is in, and whose devices are whose. Writes are on the disk when they return. */
export interface PeopleSide {
  list(): readonly PersonView[];
  register(person: string, mac: string): Result<void, WriteRefusal>;
  unregister(person: string, mac: string): Result<void, WriteRefusal>;
  /** The device at an address of the LAN. */
  caller(ip: string): CallerView | undefined;
}

/** Who may come into the mesh and who has to go. Writes are on the disk when they return. */
export interface MembershipSide {
  own(): OwnMembership;
  invitations(): readonly ToldInvitation[];
  invite(request: InvitationRequest): Result<MadeInvitation, WriteRefusal>;
  revoke(id: string): Result<void, WriteRefusal>;
  pending(): readonly PendingNode[];
  /** Lets in who waits, or gives a node that is in more power; by fingerprint, id or name. */
  admit(name: string, power: Power): Result<{ readonly id: NodeId }, WriteRefusal>;
  refuse(name: string): Result<{ readonly id: NodeId }, WriteRefusal>;
  forget(name: string): Result<Forgotten, WriteRefusal>;
}

/** A node's place that another asks for or has. */
export interface ToldReplacement {
  readonly node: NodeId;
  readonly name: string;
  readonly room: string;
  readonly by: NodeId;
  /** What whoever asks is told apart by, as in `pending`. */
  readonly fingerprint: string;
  readonly state: "waiting" | "done" | "lost";
  /** Who has the place, once somebody has. */
  readonly successor: NodeId | undefined;
  /** What the old node measured, to be configured again. */
  readonly sensors: readonly {
    readonly name: string;
    readonly kinds: readonly Kind[];
    readonly everyMs: Millis;
  }[];
}

/** Whose place this node takes. Writes are on the disk when they return. */
export interface ReplacementSide {
  list(): readonly ToldReplacement[];
  /** Asks for a node's place; has it at once where this node may give it. */
  ask(name: string, care: "safe" | "force"): Result<ToldReplacement, WriteRefusal>;
  /** Takes an ask back. */
  cancel(name: string): Result<void, WriteRefusal>;
}

/** The office's floor plan. Writes are on the disk when they return. */
export interface PlanSide {
  places(): ReadonlyMap<string, PlanPlace>;
  picture(): PlanPicture | undefined;
  /** Undefined takes the room off the plan. */
  place(room: string, at: PlanPlace | undefined): Result<void, WriteRefusal>;
  draw(picture: PlanPicture): Result<void, WriteRefusal>;
}

/** Which file of the data folder is to stand still. */
export type HeldFile = "state" | "history";

export interface HeldView {
  /** To release it by. */
  readonly hold: number;
  /** The process that keeps the file still. */
  readonly pid: number;
}

/** Files that another process copies while the node runs. */
export interface BackupSide {
  /** For some minutes at most, or until another is asked for. */
  hold(file: HeldFile): Result<HeldView, WriteRefusal>;
  /** Ends it; "broken" where the file did not stand still all the while. */
  release(hold: number): "held" | "broken";
}

/** The demo's office, which can be cut in two to be looked at. */
export interface DemoSide {
  isCut(): boolean;
  ask(what: "cut" | "heal"): void;
}

/** Power that was given to a key: what for, till when. */
export interface GrantView {
  /** The content id of its delegation. */
  readonly id: string;
  readonly command: string;
  readonly room?: string;
  /** Whom it was made for, as its maker said. */
  readonly name?: string;
  /** The key that may use it, as a did:key. */
  readonly key: NodeId;
  /** Whose delegation it is. */
  readonly by: NodeId;
  readonly expiresWallMs?: Millis;
}

export interface GrantRequest {
  readonly command: string;
  readonly room?: string;
  readonly name?: string;
  readonly key: NodeId;
  /** Seconds from now; left out: it does not expire. */
  readonly lastsS?: number;
}

export interface GrantRefusal {
  readonly status: 403 | 404 | 409 | 422 | 503 | 507;
  readonly detail: string;
}

/** What people were allowed. Writes are on the disk when they return. */
export interface GrantSide {
  /** Those that stand, whichever node made them. */
  list(): readonly GrantView[];
  /** A grant's delegations as a container, by its id or its key. */
  tokens(idOrKey: string): string | undefined;
  make(request: GrantRequest): Result<{ grant: GrantView; tokens: string }, GrantRefusal>;
  /** Takes a grant back for good, on every node; its id may be cut to its end. */
  revoke(id: string): Result<void, GrantRefusal>;
}

/** What is asked of the history; all instants are of a wall clock, as charts have them. */
export interface HistoryAsk {
  readonly room: string;
  readonly kind: Kind;
  readonly fromMs: Millis;
  /** Not included. */
  readonly toMs: Millis;
  readonly stepMs: Millis;
}

/** A room's chart: steps without any reading are left out. */
export interface HistoryView extends HistoryAsk {
  readonly points: readonly ChartPoint[];
}

/** A closed or still open part of one sensor's past, as this node holds it. */
export interface SegmentView {
  readonly node: NodeId;
  readonly sensor: string;
  readonly tier: "raw" | "minute" | "hour";
  /** On the clock of its node. */
  readonly startMs: Millis;
  readonly sha256: string;
  /** Its node says that this is all there was. */
  readonly isSealed: boolean;
}

/** What passed by. */
export interface HistorySide {
  chart(ask: HistoryAsk): Promise<HistoryView>;
  /** What charts of a room are drawn from: equal hashes on two nodes are equal readings. */
  segments(room: string, kind: Kind): readonly SegmentView[];
}

/** All that the API and the edge may know of a node. Answers come from local state at once. */
export interface ReadSide {
  self(): SelfView;
  checks(): readonly Check[];
  nodes(): readonly NodeView[];
  mesh(): MeshView;
  rooms(): readonly RoomView[];
  readings(): readonly ReadingView[];
  network(): readonly DeviceView[];
  /** What all the other answers rest on. */
  facts(): readonly Fact[];
  metrics(): readonly Metric[];
  readonly targets?: TargetSide | undefined;
  readonly people?: PeopleSide | undefined;
  readonly membership?: MembershipSide | undefined;
  readonly https?: HttpsSide | undefined;
  readonly plan?: PlanSide | undefined;
  /** Only on a node of the demo. */
  readonly demo?: DemoSide | undefined;
  readonly grants?: GrantSide | undefined;
  readonly replacements?: ReplacementSide | undefined;
  readonly backup?: BackupSide | undefined;
  readonly history?: HistorySide | undefined;
  /** Takes readings for `push` sensors: all of them or, with the first reason, none. */
  push(readings: readonly PushedReading[]): Result<void, PushRefusal>;
  /** Names this node and its room, over its configuration, for good. */
  rename?(named: { readonly name: string; readonly room: string }): Result<void, WriteRefusal>;
  /** Looks at this machine's buses; a result that is a few seconds old is given again. */
  readonly search?: (() => Promise<BusesView>) | undefined;
  /** Sets a sensor's offset for good; 0 takes it back. */
  calibrate?(sensor: string, request: CalibrationRequest): Result<CalibrationView, WriteRefusal>;
  /**
   * Calls back after changes, with the topics touched since the last call; at most once per event
   * the node handled. The returned function ends it.
   */
  subscribe(listener: (topics: ReadonlySet<Topic>) => void): () => void;
}
