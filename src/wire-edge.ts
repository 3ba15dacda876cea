import { createHash } from "node:crypto";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { NodeId } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import type { Edge } from "./edge/edge.ts";
import type { Counters } from "./node/counters.ts";
import { EdgeNotes } from "./node/edge-notes.ts";
import type { Node } from "./node/node.ts";
import type { Check, ReadSide } from "./node/read-side.ts";
import { RoomAdvice } from "./node/room-advice.ts";
import type { Replica } from "./replica/replica.ts";

export interface EdgeDeps {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Makes what advises on rooms, and what carries that and answers out of the mesh. */
export function wireEdge(
  config: Config,
  deps: EdgeDeps,
  readSide: () => ReadSide,
): { readonly advice: RoomAdvice; readonly edge: WiredEdge } {
  const advice = new RoomAdvice(config.advice, deps.clock);
  return { advice, edge: new WiredEdge(config, deps, advice, readSide) };
}

/** What leaves the mesh: nothing of it is loaded where nothing is configured. */
export class WiredEdge {
  private edge: Edge | undefined;
  private failure: string | undefined;

  constructor(
    private readonly config: Config,
    private readonly deps: EdgeDeps,
    private readonly advice: RoomAdvice,
    /** Asked for when it starts: it is made after this. */
    private readonly readSide: () => ReadSide,
  ) {}

  checks(): readonly Check[] {
    if (this.failure !== undefined) {
      return [{ name: "edge", state: "degraded", detail: this.failure }];
    }
    return this.edge?.checks() ?? [];
  }

  /** Never rejects: a chat that can't be had is no reason for a mesh to do without this node. */
  async start(): Promise<void> {
    try {
      await this.load();
    } catch (error) {
      // A package that was not installed, most likely.
      this.failure = `what leaves the mesh is off: ${(error as Error).message}`;
      this.deps.log.write("error", this.failure);
    }
  }

  async stop(): Promise<void> {
    await this.edge?.stop();
  }

  private async load(): Promise<void> {
    const { edge: settings } = this.config;
    const { random, ...deps } = this.deps;
    const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
    const notes = new EdgeNotes({ ...deps, hash });
    const { announce, chat, mqtt, influx } = settings;
    const ways = [...announce, chat.slack, chat.mattermost, mqtt, influx];
    if (ways.every((way) => way === undefined)) return notes.withdraw();
    const { startEdge } = await import("./edge/edge.ts");
    this.edge = await startEdge({
      ...deps,
      settings,
      notes,
      readSide: this.readSide(),
      advised: (rooms) => this.advice.toAnnounce(rooms),
      timers: systemTimers,
      env: process.env,
      chance: () => random.next(),
    });
  }
}
