/** The JSON documents of the API, as the public contract has them. Times are RFC 3339 in UTC. */

export interface Health {
  readonly status: "ok" | "degraded";
  readonly checks: Readonly<Record<string, { status: "ok" | "degraded"; detail: string }>>;
}

export interface SensorDocument {
  readonly name: string;
  readonly platform: string;
  readonly kinds: readonly string[];
  readonly state: "ok" | "failing" | "simulated";
  readonly error?: string;
}

export interface NodeDocument {
  readonly id: string;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly started: string;
  readonly uptime_s: number;
  readonly addresses: readonly string[];
  readonly sensors: readonly SensorDocument[];
}

export interface NodeListItem {
  readonly id: string;
  readonly name: string;
  readonly room: string;
  readonly version: string;
  readonly addresses: readonly string[];
  readonly api: readonly string[];
  readonly state: "alive" | "silent" | "retired";
  readonly age_s: number;
  /** Its active view, as it last told it. */
  readonly links: readonly string[];
}

export interface MeshDocument {
  readonly mesh: string;
  readonly self: string;
  readonly active: readonly string[];
  readonly passive: readonly string[];
  readonly nodes: number;
  readonly digest: string;
  readonly entries: number;
  readonly broadcast: { readonly eager: readonly string[]; readonly lazy: readonly string[] };
  readonly links: readonly {
    readonly id: string;
    readonly address: string;
    readonly rtt_ms: number | null;
    readonly bytes_in: number;
    readonly bytes_out: number;
  }[];
}

export interface RoomReading {
  readonly value: number | boolean;
  readonly unit: string;
  readonly sensor: string;
  readonly node: string;
  readonly at: string;
  readonly age_s: number;
  readonly stale: boolean;
  readonly simulated: boolean;
}

export interface RoomDocument {
  readonly room: string;
  readonly readings: Readonly<Record<string, RoomReading>>;
  readonly targets: Readonly<Record<string, never>>;
  readonly occupancy: { readonly motion: boolean | null; readonly count: number | null };
  readonly advice: readonly string[];
}

export interface ReadingDocument extends RoomReading {
  readonly room: string;
  readonly kind: string;
}

export interface NetworkItem {
  readonly mac: string;
  readonly ip: string;
  readonly ips: readonly string[];
  readonly hostname?: string;
  readonly seen_by: readonly string[];
  readonly at: string;
  readonly age_s: number;
}

export interface Snapshot {
  readonly type: "snapshot";
  readonly node: NodeDocument;
  readonly mesh: MeshDocument;
  readonly rooms: readonly RoomDocument[];
  readonly nodes: readonly NodeListItem[];
  readonly network: readonly NetworkItem[];
}

export interface Change {
  readonly type: "change";
  readonly mesh?: MeshDocument;
  readonly rooms?: readonly RoomDocument[];
  readonly nodes?: readonly NodeListItem[];
  readonly network?: readonly NetworkItem[];
}

export type LiveMessage = Snapshot | Change;

/** RFC 9457. */
export interface Problem {
  readonly type: "about:blank";
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}
