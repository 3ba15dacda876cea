import { concatBytes, equalBytes, utf8 } from "../base/bytes.ts";
import { HybridClock, type Stamp } from "../base/hlc.ts";
import type { NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { BIRTH_KEY, type Birth, decodeBirth } from "./birth.ts";
import type { Dot, Entry } from "./entry.ts";
import { type Held, OriginState } from "./origin-state.ts";
import { type Succession, Successions } from "./successions.ts";

/** What the pure replica needs from outside: cryptography, handed in. */
export interface ReplicaPorts {
  /** A collision-resistant hash, 32 bytes. */
  hash(bytes: Uint8Array): Uint8Array;
  /** Whether the entry was signed by its origin, for this mesh. */
  verify(entry: Entry): boolean;
  /** Whether the credential lets the origin into this mesh; replicated data alone decides. */
  admit(origin: NodeId, credential: Uint8Array): boolean;
  readonly withdrawal?: Withdrawal;
  readonly retirement?: Retirement;
  readonly succession?: Succession;
}

/** How nodes are put out of the mesh for good. What is so said only grows, and wins over all. */
export interface Retirement {
  /** The node that an entry retires; the entry's value alone decides, whoever carries it. */
  retires(entry: Pick<Entry, "key" | "value">): NodeId | undefined;
  /** Whether what an origin says under a key is to outlast that origin's own retirement. */
  outlasts(key: string): boolean;
}

/** What became of an origin that was retired, for whoever performs it. */
export interface Retired {
  readonly origin: NodeId;
  /** Entries of it that outlast it: whoever finds nobody else saying the same says it again. */
  readonly orphans: readonly Entry[];
}

/**
 * How an origin's entries are taken back by others, so that what one says of a person goes
 * everywhere although that origin may be off. Replicated data alone decides.
 */
export interface Withdrawal {
  /** Whether entries under this key take others back. */
  isOne(key: string): boolean;
  /** Whether an entry was taken back: it is then known, and never kept. */
  covers(entry: Pick<Entry, "origin" | "key">, replica: Replica): boolean;
}

/** Why an entry was not taken. Each is counted against the link that brought it. */
export type Refusal = "forged" | "unadmitted" | "full";

export interface JoinOutcome {
  /** New here, so it has to be passed on. */
  readonly fresh: boolean;
  /** Its key has a new value. */
  readonly changed: boolean;
  readonly refusal: Refusal | undefined;
  /** Two writers use this origin's key. */
  readonly equivocation: boolean;
}

const NOTHING: ReadonlyMap<NodeId, ReadonlySet<string>> = new Map();
const NO_HASH = new Uint8Array();
const KNOWN: JoinOutcome = {
  fresh: false,
  changed: false,
  refusal: undefined,
  equivocation: false,
};

/**
 * The one replicated map, (origin, key) -> entry, a state-based CRDT.
 *
 * 1. Join is associative, commutative and idempotent. Whatever schedule of loss, repetition and
 *    reordering that ends in exchange ends in equal digests.
 * 2. An entry is held only if its origin signed it and is admitted to the mesh.
 * 3. What is held is bounded by live keys, never by history.
 */
export class Replica {
  readonly clock = new HybridClock();
  private readonly states = new Map<NodeId, OriginState>();
  private readonly digests = new Map<NodeId, Uint8Array>();
  private whole: Uint8Array | undefined;
  /** Origins changed since the store last asked. */
  private readonly touched = new Map<NodeId, Set<string>>();
  private readonly gone = new Set<NodeId>();
  private dropped = new Set<NodeId>();
  private news: Retired[] = [];
  private readonly successions = new Successions();
  private replaced: NodeId[] = [];

  constructor(private readonly ports: ReplicaPorts) {}

  /** Joins an entry that came from anywhere. `wallMs` only steers the hybrid clock. */
  join(entry: Entry, nowMs: Millis, wallMs: Millis): JoinOutcome {
    if (this.gone.has(entry.origin)) {
      // Two who put each other out would else part the mesh: each half would hear but one of them.
      this.retireBy(entry, [entry]);
      return KNOWN;
    }
    const state = this.states.get(entry.origin);
    if (this.isKnown(entry)) return KNOWN;
    // Nothing to judge it by: its signature would be checked for nothing.
    if (state === undefined && entry.key !== BIRTH_KEY) return { ...KNOWN, refusal: "unadmitted" };
    if (!this.ports.verify(entry)) return { ...KNOWN, refusal: "forged" };
    const admitted = state ?? this.admit(entry);
    if (admitted === undefined) return { ...KNOWN, refusal: "unadmitted" };
    if (this.isWithdrawn(entry)) {
      if (admitted.note(entry)) this.touch(admitted, undefined);
      return KNOWN;
    }
    const placement = admitted.join(entry, nowMs);
    if (placement === "known") return KNOWN;
    if (placement === "full") {
      this.touch(admitted, undefined);
      return { ...KNOWN, refusal: "full" };
    }
    this.clock.witness(entry.stamp, wallMs);
    this.touch(admitted, admitted.nameOf(entry));
    if (this.ports.withdrawal?.isOne(entry.key)) this.sweep();
    this.retireBy(entry);
    this.replaceBy(entry);
    const equivocation = placement === "equivocation";
    return {
      fresh: !equivocation,
      changed: placement !== "outdated",
      refusal: undefined,
      equivocation,
    };
  }

  /** Whether joining an entry changes nothing, which is seen without looking at its signature. */
  isKnown(entry: Entry): boolean {
    if (this.gone.has(entry.origin)) {
      const node = this.ports.retirement?.retires(entry);
      return node === undefined || this.gone.has(node);
    }
    const state = this.states.get(entry.origin);
    if (state === undefined || !state.knows(entry.dot) || state.lacks(entry)) return false;
    const held = state.heldAt(entry.key, entry.dot);
    return held === undefined || equalBytes(held.body, entry.body);
  }

  /** Takes a peer's word that of `origin` nothing between the two dots is missing here. */
  cover(origin: NodeId, from: Dot, to: Dot): void {
    const state = this.states.get(origin);
    if (state === undefined) return;
    state.cover(from, to);
    this.touch(state, undefined);
  }

  /** Whether a node was put out of the mesh. */
  isRetired(node: NodeId): boolean {
    return this.gone.has(node);
  }

  /** Retires whom the entries held say is retired: after a restart they were only read. */
  reconsider(): void {
    for (const { entry } of [...this.live()]) {
      this.retireBy(entry);
      this.replaceBy(entry);
    }
  }

  /** Whether a node's place was given to another for good. */
  isReplaced(node: NodeId): boolean {
    return this.successions.has(node);
  }

  /** Who has a node's place, first, and then whoever else was given it on the far side of a cut. */
  successorsOf(node: NodeId): readonly NodeId[] {
    return this.successions.of(node).filter((one) => !this.gone.has(one));
  }

  /** The nodes whose place one node has. */
  predecessorsOf(node: NodeId): readonly NodeId[] {
    return this.successions.nodes().filter((one) => this.successorsOf(one)[0] === node);
  }

  /** The nodes whose place was given away since the last call. */
  takeReplaced(): readonly NodeId[] {
    const news = this.replaced;
    this.replaced = [];
    return news;
  }

  /** The origins retired since the last call. */
  takeRetired(): readonly Retired[] {
    const news = this.news;
    this.news = [];
    return news;
  }

  /** The origins dropped whole since the last call, for the store. */
  takeDropped(): readonly NodeId[] {
    if (this.dropped.size === 0) return [];
    const dropped = [...this.dropped];
    this.dropped = new Set();
    return dropped;
  }

  /** Whether what an origin said under a key was taken back by others. */
  takesBack(entry: Pick<Entry, "origin" | "key">): boolean {
    return this.ports.withdrawal?.covers(entry, this) === true;
  }

  /** Drops every entry that was taken back. */
  sweep(): void {
    for (const state of this.states.values()) {
      const gone = [...state.rows].filter(([, { entry }]) => this.isWithdrawn(entry));
      for (const [row, { entry }] of gone) state.drop(row, entry.key);
      if (gone.length > 0) this.touch(state, undefined);
    }
  }

  state(origin: NodeId): OriginState | undefined {
    return this.states.get(origin);
  }

  origins(): IterableIterator<OriginState> {
    return this.states.values();
  }

  get(origin: NodeId, key: string): Held | undefined {
    return this.states.get(origin)?.held.get(key);
  }

  /** Entries with a value, births left out. */
  *live(): IterableIterator<Held> {
    for (const state of this.states.values()) {
      for (const held of state.held.values()) {
        if (held.entry.value !== undefined && held.entry.key !== BIRTH_KEY) yield held;
      }
    }
  }

  /** The newest birth of an origin. */
  birth(origin: NodeId): Birth | undefined {
    return decodeBirth(this.get(origin, BIRTH_KEY)?.entry.value);
  }

  /** How many entries are held, births and taken-back keys included. */
  size(): number {
    let size = 0;
    for (const state of this.states.values()) size += state.rows.size;
    return size;
  }

  /** Hash of what one origin says. */
  originDigest(origin: NodeId): Uint8Array {
    const known = this.digests.get(origin);
    if (known !== undefined) return known;
    const rows = this.states.get(origin)?.rows;
    const bodies = [...(rows?.keys() ?? [])].sort().map((row) => this.hashOf(rows?.get(row)));
    const digest = this.ports.hash(concatBytes([utf8(origin), ...bodies]));
    this.digests.set(origin, digest);
    return digest;
  }

  /** Hash of the whole state: equal on two nodes exactly when their entries are. */
  digest(): Uint8Array {
    if (this.whole === undefined) {
      const origins = [...this.states.keys()].sort();
      this.whole = this.ports.hash(concatBytes(origins.map((id) => this.originDigest(id))));
    }
    return this.whole;
  }

  /** Takes back one origin's rows from the store. */
  restore(origin: NodeId, coverage: string, held: readonly Held[]): void {
    const state = new OriginState(origin);
    state.restore(coverage, held);
    this.states.set(origin, state);
    this.whole = undefined;
  }

  /** The origins changed since the last call, with the rows that changed or went. */
  takeChanges(): ReadonlyMap<NodeId, ReadonlySet<string>> {
    if (this.touched.size === 0) return NOTHING;
    const changes = new Map(this.touched);
    this.touched.clear();
    return changes;
  }

  /** A stamp for a write of this node. */
  tick(wallMs: Millis): Stamp {
    return this.clock.tick(wallMs);
  }

  /** Retires whom an entry says; `carried` are to be said again, since nobody who stays does. */
  private retireBy(entry: Entry, carried: readonly Entry[] = []): void {
    const { retirement } = this.ports;
    const node = retirement?.retires(entry);
    if (node === undefined || this.gone.has(node)) return;
    this.gone.add(node);
    const held = [...(this.states.get(node)?.held.values() ?? [])];
    const outlasting = held
      .map((one) => one.entry)
      .filter(({ key, value }) => value !== undefined && retirement?.outlasts(key));
    const orphans = [...outlasting, ...carried];
    this.forget(node);
    this.news.push({ origin: node, orphans });
    this.dropUnadmitted();
    for (const orphan of orphans) this.retireBy(orphan);
  }

  /** Gives a node's place to another, and drops what that one now says for itself. */
  private replaceBy(entry: Entry): void {
    const given = this.ports.succession?.of(entry);
    if (given === undefined) return;
    const isNew = !this.successions.has(given.node);
    if (!this.successions.add(given)) return;
    this.replaced.push(given.node);
    if (isNew) this.sweep();
    this.dropUnadmitted();
  }

  /** Whoever was let in by a node that went alone goes with it. */
  private dropUnadmitted(): void {
    for (const { origin } of [...this.states.values()]) {
      const birth = this.birth(origin);
      if (birth !== undefined && !this.ports.admit(origin, birth.credential)) this.forget(origin);
    }
  }

  /** Drops an origin and all that it wrote. */
  forget(origin: NodeId): void {
    this.states.delete(origin);
    this.digests.delete(origin);
    this.touched.delete(origin);
    this.whole = undefined;
    this.dropped.add(origin);
  }

  private isWithdrawn(entry: Entry): boolean {
    return entry.value !== undefined && (this.takesBack(entry) || this.isSucceeded(entry));
  }

  /** Whether an entry's writer was replaced, and its successor says the like for itself. */
  private isSucceeded({ origin, key }: Pick<Entry, "origin" | "key">): boolean {
    if (key === BIRTH_KEY || !this.successions.has(origin)) return false;
    return this.ports.succession?.keeps(key) !== true;
  }

  private hashOf(held: Held | undefined): Uint8Array {
    if (held === undefined) return NO_HASH;
    held.hash ??= this.ports.hash(held.entry.body);
    return held.hash;
  }

  private admit(entry: Entry): OriginState | undefined {
    const birth = entry.key === BIRTH_KEY ? decodeBirth(entry.value) : undefined;
    if (birth === undefined) return undefined;
    if (!this.ports.admit(entry.origin, birth.credential)) return undefined;
    const state = new OriginState(entry.origin);
    this.states.set(entry.origin, state);
    return state;
  }

  private touch(state: OriginState, row: string | undefined): void {
    const { origin } = state;
    this.digests.delete(origin);
    this.whole = undefined;
    let rows = this.touched.get(origin);
    if (rows === undefined) {
      rows = new Set();
      this.touched.set(origin, rows);
    }
    if (row !== undefined) rows.add(row);
    for (const buried of state.takeBuried()) rows.add(buried);
  }
}
