import { toHex, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import type { Clock, Millis } from "../base/time.ts";
import type { Told } from "../office/announcements.ts";
import {
  type Answering,
  ableNodes,
  answeredKey,
  answeredRecord,
  answeringBy,
  answeringOf,
  EDGE_KEY,
  edgeRecord,
  toldBy,
  toldKey,
  toldRecord,
} from "../office/edge-records.ts";
import { silentNodes } from "../office/nodes.ts";
import type { Hash } from "../office/rendezvous.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";

export interface EdgeNotesParts {
  readonly self: NodeId;
  readonly node: Pick<Node, "write" | "every" | "isClone">;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly hash: Hash;
}

/** 128 bits: nobody finds two of one. */
const ID_DIGITS = 32;

/** What nodes tell each other about what leaves the mesh: asked of the replica, written here. */
export class EdgeNotes {
  private offered = "";

  constructor(private readonly parts: EdgeNotesParts) {}

  get self(): NodeId {
    return this.parts.self;
  }

  /** A process that found that it is the clone leaves all to the other one. */
  get isClone(): boolean {
    return this.parts.node.isClone;
  }

  hash(bytes: Uint8Array): Uint8Array {
    return this.parts.hash(bytes);
  }

  /** How many nodes are known, dead ones too. */
  get known(): number {
    return [...this.parts.replica.origins()].length;
  }

  /** A name for something that is the same on all nodes and tells nothing. */
  idOf(...words: readonly string[]): string {
    return toHex(this.parts.hash(utf8(JSON.stringify(words)))).slice(0, ID_DIGITS);
  }

  /** The nodes that are alive as far as this one knows, itself among them. */
  living(): readonly NodeId[] {
    const { replica, self, clock } = this.parts;
    const silent = new Set(silentNodes(replica, self, clock.monotonicMs()));
    return [...replica.origins()].map(({ origin }) => origin).filter((id) => !silent.has(id));
  }

  able(effect: string): readonly NodeId[] {
    return ableNodes(this.parts.replica, effect, this.living());
  }

  /** Says what this node has configured, and which of it fails. */
  offer(effects: readonly string[], failing: readonly string[]): void {
    const text = JSON.stringify([effects, failing]);
    if (text === this.offered) return;
    const value = edgeRecord.encode({ effects: [...effects], failing: [...failing] });
    if (this.parts.node.write(EDGE_KEY, value, "batched").ok) this.offered = text;
  }

  /** Takes back what an earlier configuration offered. */
  withdraw(): void {
    const { node, replica, self } = this.parts;
    const held = [...(replica.state(self)?.held.values() ?? [])];
    const keys = held.filter(({ entry: { key, value } }) => value !== undefined && isOurs(key));
    for (const { entry } of keys) node.write(entry.key, undefined, "batched");
  }

  told(): readonly Told[] {
    return toldBy(this.parts.replica, this.parts.clock.monotonicMs());
  }

  /** Writes that an announcement was made or is over; false where that did not reach the disk. */
  tell({ id, episode, state }: Pick<Told, "id" | "episode" | "state">): boolean {
    const value = toldRecord.encode({ episode, over: state === "over" ? 1 : undefined });
    return this.parts.node.write(toldKey(id), value, "durable").ok;
  }

  untell(id: string): void {
    this.parts.node.write(toldKey(id), undefined, "batched");
  }

  answering(id: string): readonly Answering[] {
    return answeringOf(this.parts.replica, id, this.parts.clock.monotonicMs());
  }

  ownAnswering(): readonly Answering[] {
    const { replica, self, clock } = this.parts;
    return answeringBy(replica, self, clock.monotonicMs());
  }

  answer(id: string, state: Answering["state"]): void {
    const value = answeredRecord.encode({ done: state === "answered" ? 1 : undefined });
    this.parts.node.write(answeredKey(id), value, "batched");
  }

  unanswer(id: string): void {
    this.parts.node.write(answeredKey(id), undefined, "batched");
  }

  every(spanMs: Millis, callback: () => void): void {
    this.parts.node.every(spanMs, callback);
  }
}

function isOurs(key: string): boolean {
  return key === EDGE_KEY || key.startsWith(toldKey("")) || key.startsWith(answeredKey(""));
}
