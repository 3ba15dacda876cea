import type { Topic } from "../node/read-side.ts";
import type {
  DeviceDocument,
  GoneDocument,
  LiveChange,
  LiveSnapshot,
  MeshDocument,
  NodeDocument,
  RoomDocument,
  SelfDocument,
} from "./types.ts";

/** All that the live socket tells, as it is now. */
export interface LiveSource {
  rooms(): readonly RoomDocument[];
  nodes(): readonly NodeDocument[];
  network(): readonly DeviceDocument[];
  mesh(): MeshDocument;
  node(): SelfDocument;
}

/** Who reads: `"public"` is not told what names people. */
export type Audience = "all" | "public";

/** Fields that move with every second or packet: no reason to tell somebody. */
const RESTLESS = new Set(["age_s", "uptime_s", "rtt_ms", "bytes_in", "bytes_out"]);

interface Item<T> {
  readonly document: T;
  readonly essence: string;
  readonly version: number;
}

/** One list of the board, by key, and what went from it. */
class Shelf<T extends object> {
  private readonly items = new Map<string, Item<T>>();
  private readonly gone = new Map<string, number>();

  constructor(private readonly keyOf: (document: T) => string) {}

  /**
   * Takes the list as it is now. `"ages"` also tells what was heard anew though nothing else
   * changed. True where there is something to tell at `version`.
   */
  update(documents: readonly T[], version: number, also: "essence" | "ages"): boolean {
    let changed = false;
    const present = new Set<string>();
    for (const document of documents) {
      const key = this.keyOf(document);
      present.add(key);
      const essence = essenceOf(document);
      const known = this.items.get(key);
      const renewed = also === "ages" && known !== undefined && isYounger(document, known.document);
      if (known?.essence === essence && !renewed) {
        this.items.set(key, { ...known, document: renewed ? document : known.document });
        continue;
      }
      this.items.set(key, { document, essence, version });
      this.gone.delete(key);
      changed = true;
    }
    for (const key of [...this.items.keys()].filter((known) => !present.has(known))) {
      this.items.delete(key);
      this.gone.set(key, version);
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
  private readonly nodes = new Shelf<NodeDocument>(({ id }) => id);
  private readonly network = new Shelf<DeviceDocument>(({ mac }) => mac);
  private readonly mesh = new Shelf<MeshDocument>(() => "mesh");
  private readonly node = new Shelf<SelfDocument>(() => "node");

  constructor(private readonly source: LiveSource) {}

  /** Looks at the topics anew. True where something changed. */
  refresh(topics: ReadonlySet<Topic>, also: "essence" | "ages" = "essence"): boolean {
    const next = this.version + 1;
    const changed = [
      topics.has("rooms") && this.rooms.update(this.source.rooms(), next, also),
      topics.has("nodes") && this.nodes.update(this.source.nodes(), next, also),
      topics.has("network") && this.network.update(this.source.network(), next, "essence"),
      topics.has("mesh") && this.mesh.update([this.source.mesh()], next, "essence"),
      topics.has("nodes") && this.node.update([this.source.node()], next, "essence"),
    ].some(Boolean);
    if (changed) this.version = next;
    return changed;
  }

  snapshot(audience: Audience): LiveSnapshot {
    return {
      type: "snapshot",
      rooms: this.source.rooms(),
      nodes: this.source.nodes(),
      network: audience === "all" ? this.source.network() : [],
      mesh: this.source.mesh(),
      node: this.source.node(),
    };
  }

  /** What changed after `version`; only the topics that did are there. */
  changesSince(version: number, audience: Audience): LiveChange {
    const rooms = this.rooms.since(version);
    const nodes = this.nodes.since(version);
    const network = audience === "all" ? this.network.since(version) : [];
    const [mesh] = this.mesh.since(version);
    const [node] = this.node.since(version);
    const gone = this.goneSince(version, audience);
    return {
      type: "change",
      ...(rooms.length > 0 && { rooms }),
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
    this.nodes.prune(oldest);
    this.network.prune(oldest);
  }

  private goneSince(version: number, audience: Audience): GoneDocument {
    const rooms = this.rooms.goneSince(version);
    const nodes = this.nodes.goneSince(version);
    const network = audience === "all" ? this.network.goneSince(version) : [];
    return {
      ...(rooms.length > 0 && { rooms }),
      ...(nodes.length > 0 && { nodes }),
      ...(network.length > 0 && { network }),
    };
  }
}

function essenceOf(document: object): string {
  return JSON.stringify(document, (key, value) => (RESTLESS.has(key) ? undefined : value));
}

function isYounger(document: object, known: object): boolean {
  const age = "age_s" in document ? Number(document.age_s) : Number.NaN;
  const before = "age_s" in known ? Number(known.age_s) : Number.NaN;
  return age < before || (age === before && age === 0);
}
