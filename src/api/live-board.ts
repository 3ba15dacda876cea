import { type Millis, SECOND_MS } from "../base/time.ts";
import type { Topic } from "../node/read-side.ts";
import type {
  DeviceDocument,
  GoneDocument,
  LiveChange,
  LiveSnapshot,
  MeshDocument,
  NodeDocument,
  PersonDocument,
  RoomDocument,
  SelfDocument,
} from "./types.ts";

/** All that the live socket tells, as it is now. */
export interface LiveSource {
  rooms(): readonly RoomDocument[];
  people(): readonly PersonDocument[];
  nodes(): readonly NodeDocument[];
  network(): readonly DeviceDocument[];
  mesh(): MeshDocument;
  node(): SelfDocument;
}

/** Who reads: `"public"` is not told what names people. */
export type Audience = "all" | "public";

/** Fields that move with every second or packet: no reason to tell somebody. */
const RESTLESS = new Set([
  "age_s",
  "last_seen_s",
  "since",
  "uptime_s",
  "rtt_ms",
  "bytes_in",
  "bytes_out",
  "likelihood",
]);

/** An age that fell by less than this is rounding, not news. */
const AGE_NEWS_MS = 1_000;

/** How a list is looked at: `"ages"` also tells what was heard anew and is else the same. */
export interface Look {
  readonly version: number;
  readonly nowMs: Millis;
  readonly also: "essence" | "ages";
}

interface Item<T> {
  readonly document: T;
  readonly essence: string;
  readonly version: number;
  /** When it was last heard of, as readers were told; NaN where it has no age. */
  readonly heardMs: Millis;
}

/** One list of the board, by key, and what went from it. */
class Shelf<T extends object> {
  private readonly items = new Map<string, Item<T>>();
  private readonly gone = new Map<string, number>();

  constructor(private readonly keyOf: (document: T) => string) {}

  /** Takes the list as it is now. True where there is something to tell at the look's version. */
  update(documents: readonly T[], look: Look): boolean {
    let changed = false;
    const present = new Set<string>();
    for (const document of documents) {
      const key = this.keyOf(document);
      present.add(key);
      const item = itemOf(document, look);
      const known = this.items.get(key);
      const heardAnew = look.also === "ages" && item.heardMs - (known?.heardMs ?? 0) > AGE_NEWS_MS;
      if (known?.essence === item.essence && !heardAnew) {
        this.items.set(key, { ...known, document });
        continue;
      }
      this.items.set(key, item);
      this.gone.delete(key);
      changed = true;
    }
    for (const key of [...this.items.keys()].filter((known) => !present.has(known))) {
      this.items.delete(key);
      this.gone.set(key, look.version);
      changed = true;
    }
    return changed;
  }

  since(version: number): readonly T[] {
    return [...this.items.values()]
      .filter((item) => item.version > version)
      .map(({ document }) => document);
  }

  goneSince(version: number): readonly string[] {
    return [...this.gone].filter(([, went]) => went > version).map(([key]) => key);
  }

  /** Forgets what went before every reader's version. */
  prune(oldest: number): void {
    for (const [key, went] of this.gone) if (went <= oldest) this.gone.delete(key);
  }
}

/**
 * The newest state, each part with the version at which it last changed.
 *
 * A reader is one number, the version it was last told: however slow it is, what it lacks is read
 * off the board when it can take it, and nothing ever queues for it.
 */
export class LiveBoard {
  version = 0;
  private readonly rooms = new Shelf<RoomDocument>(({ room }) => room);
  private readonly people = new Shelf<PersonDocument>(({ person }) => person);
  private readonly nodes = new Shelf<NodeDocument>(({ id }) => id);
  private readonly network = new Shelf<DeviceDocument>(({ mac }) => mac);
  private readonly mesh = new Shelf<MeshDocument>(() => "mesh");
  private readonly node = new Shelf<SelfDocument>(() => "node");

  constructor(private readonly source: LiveSource) {}

  /** Looks at the topics anew. True where something changed. */
  refresh(topics: ReadonlySet<Topic>, nowMs: Millis, also: Look["also"] = "essence"): boolean {
    const { source } = this;
    const look: Look = { version: this.version + 1, nowMs, also };
    const changed = [
      topics.has("rooms") && this.rooms.update(source.rooms(), look),
      topics.has("people") && this.people.update(source.people(), look),
      topics.has("nodes") && this.nodes.update(source.nodes(), look),
      topics.has("network") && this.network.update(source.network(), look),
      topics.has("mesh") && this.mesh.update([source.mesh()], look),
      topics.has("nodes") && this.node.update([source.node()], look),
    ].some(Boolean);
    if (changed) this.version = look.version;
    return changed;
  }

  snapshot(audience: Audience): LiveSnapshot {
    return {
      type: "snapshot",
      rooms: this.source.rooms(),
      people: audience === "all" ? this.source.people() : [],
      nodes: this.source.nodes(),
      network: audience === "all" ? this.source.network() : [],
      mesh: this.source.mesh(),
      node: this.source.node(),
    };
  }

  /** What changed after `version`; only the topics that did are there. */
  changesSince(version: number, audience: Audience): LiveChange {
    const rooms = this.rooms.since(version);
    const people = audience === "all" ? this.people.since(version) : [];
    const nodes = this.nodes.since(version);
    const network = audience === "all" ? this.network.since(version) : [];
    const [mesh] = this.mesh.since(version);
    const [node] = this.node.since(version);
    const gone = this.goneSince(version, audience);
    return {
      type: "change",
      ...(rooms.length > 0 && { rooms }),
      ...(people.length > 0 && { people }),
      ...(nodes.length > 0 && { nodes }),
      ...(network.length > 0 && { network }),
      ...(mesh !== undefined && { mesh }),
      ...(node !== undefined && { node }),
      ...(Object.keys(gone).length > 0 && { gone }),
    };
  }

  /** No reader is behind `oldest`: what went until then need not be kept. */
  prune(oldest: number): void {
    this.rooms.prune(oldest);
    this.people.prune(oldest);
    this.nodes.prune(oldest);
    this.network.prune(oldest);
  }

  private goneSince(version: number, audience: Audience): GoneDocument {
    const rooms = this.rooms.goneSince(version);
    const people = audience === "all" ? this.people.goneSince(version) : [];
    const nodes = this.nodes.goneSince(version);
    const network = audience === "all" ? this.network.goneSince(version) : [];
    return {
      ...(rooms.length > 0 && { rooms }),
      ...(people.length > 0 && { people }),
      ...(nodes.length > 0 && { nodes }),
      ...(network.length > 0 && { network }),
    };
  }
}

function essenceOf(document: object): string {
  return JSON.stringify(document, (key, value) => (RESTLESS.has(key) ? undefined : value));
}

function itemOf<T extends object>(document: T, look: Look): Item<T> {
  const ageS = "age_s" in document ? Number(document.age_s) : Number.NaN;
  const heardMs = look.nowMs - ageS * SECOND_MS;
  return { document, essence: essenceOf(document), version: look.version, heardMs };
}
