import { createHash } from "node:crypto";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { ok } from "../../src/base/result.ts";
import { ManualClock } from "../../src/base/time.ts";
import { Announcer } from "../../src/edge/announcer.ts";
import { Answerer } from "../../src/edge/chat/answerer.ts";
import type { ChatService, Post, Question } from "../../src/edge/chat/service.ts";
import { DELIVERED, type Delivery } from "../../src/edge/delivery.ts";
import type { Effect, Message } from "../../src/edge/effect.ts";
import { Counters } from "../../src/node/counters.ts";
import { EdgeNotes } from "../../src/node/edge-notes.ts";
import type { Advised } from "../../src/office/announcements.ts";
import { ALIVE_KEY, aliveRecord } from "../../src/office/records.ts";
import { Site } from "./office-site.ts";

export const EFFECT = "e".repeat(32);
const BOT = "b".repeat(32);
const ALIVE_MS = 8_000;
const LOOK_MS = 1_000;

/** A mesh of nodes with announcers and a chat bot each, on one clock; what they say is kept. */
export class EdgeMesh {
  readonly clock = new ManualClock();
  readonly timers = new ManualTimers(this.clock);
  readonly said: { readonly by: string; readonly message: Message }[] = [];
  readonly posts: { readonly by: string; readonly post: Post }[] = [];
  readonly nodes: readonly EdgeNode[];
  /** What the rules say, as each node sees it. */
  advised: readonly Advised[] = [];
  private halves: readonly (readonly EdgeNode[])[];

  constructor(count: number) {
    this.nodes = Array.from({ length: count }, (_, at) => new EdgeNode(this, at + 1));
    this.halves = [this.nodes];
    this.meet();
  }

  /** Cuts the mesh; nodes that are in no half are dead. */
  cut(...halves: readonly (readonly EdgeNode[])[]): void {
    this.halves = halves;
    for (const node of this.nodes) node.isUp = halves.some((half) => half.includes(node));
    this.meet();
  }

  /** All who can hear a node. */
  reached(by: EdgeNode): readonly EdgeNode[] {
    return this.halves.find((half) => half.includes(by)) ?? [];
  }

  /** Lets time go by, a second at a time. */
  async pass(spanMs: number): Promise<void> {
    for (let gone = 0; gone < spanMs; gone += LOOK_MS) {
      const nowMs = this.clock.monotonicMs();
      if (nowMs % ALIVE_MS < LOOK_MS) for (const node of this.nodes) node.live();
      for (const node of this.nodes) node.look();
      await settled();
      this.timers.advance(LOOK_MS);
      await settled();
    }
  }

  private meet(): void {
    const nowMs = this.clock.monotonicMs();
    for (const half of this.halves) {
      for (const one of half) for (const other of half) one.site.hear(other.site, nowMs);
    }
  }
}

export class EdgeNode implements ChatService {
  readonly name = "mattermost";
  readonly site: Site;
  readonly notes: EdgeNotes;
  isUp = true;
  /** How the next announcements fare here; none left: they are delivered. */
  sends: (Delivery | "hangs")[] = [];
  /** The same for answers. */
  answers: (Delivery | "hangs")[] = [];
  private readonly announcer: Announcer;
  private readonly answerer: Answerer;
  private readonly looks: (() => void)[] = [];

  constructor(
    private readonly mesh: EdgeMesh,
    at: number,
  ) {
    this.site = new Site(at, `pi-${at}`);
    const { clock, timers } = mesh;
    const node = {
      isClone: false,
      write: (key: string, value: Uint8Array | undefined) => {
        this.write(key, value);
        return ok(undefined);
      },
      every: (_: number, look: () => void) => void this.looks.push(look),
    };
    const { self, replica } = this.site;
    const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());
    this.notes = new EdgeNotes({ self, node, replica, clock, hash });
    const counters = new Counters(silentLog, clock);
    const common = { notes: this.notes, clock, counters, chance: () => 0.5 };
    this.announcer = new Announcer({
      ...common,
      effects: [this.effect()],
      rooms: () => [],
      advised: () => mesh.advised,
      neighbours: () => mesh.reached(this).length - 1,
      node: this.site.name,
    });
    this.answerer = new Answerer({
      ...common,
      timers,
      now: () => clock.monotonicMs(),
      answer: (question) => `answer to ${question}`,
    });
    this.announcer.start();
    this.answerer.start();
  }

  look(): void {
    if (!this.isUp) return;
    const { failing } = this.announcer.offered();
    this.notes.offer([EFFECT, BOT], failing);
    for (const one of this.looks) one();
  }

  live(): void {
    const uptimeMs = Math.floor(this.mesh.clock.monotonicMs());
    if (this.isUp) this.write(ALIVE_KEY, aliveRecord.encode({ uptimeMs }));
  }

  hear(message: string, heardBy: Question["heardBy"]): void {
    const question = { message, text: message, channel: "town", heardBy, done: () => {} };
    this.answerer.hear(this, question);
  }

  id(): string {
    return BOT;
  }

  connected(): boolean {
    return true;
  }

  start(): void {}

  async stop(): Promise<void> {}

  check() {
    return { name: this.name, state: "ok", detail: "" } as const;
  }

  async post(post: Post): Promise<Delivery> {
    const outcome = this.isUp ? (this.answers.shift() ?? DELIVERED) : "hangs";
    if (outcome === "hangs") return new Promise(() => {});
    if (outcome.outcome === "delivered") this.mesh.posts.push({ by: this.site.name, post });
    return outcome;
  }

  private effect(): Effect {
    return {
      id: () => EFFECT,
      name: "test",
      rooms: [],
      kinds: [],
      send: async (message) => {
        const outcome = this.sends.shift() ?? DELIVERED;
        if (outcome === "hangs") return new Promise(() => {});
        if (outcome.outcome === "delivered") this.mesh.said.push({ by: this.site.name, message });
        return outcome;
      },
    };
  }

  private write(key: string, value: Uint8Array | undefined): void {
    if (!this.isUp) return;
    const nowMs = this.mesh.clock.monotonicMs();
    const entries = this.site.write(key, value, nowMs);
    for (const { site } of this.mesh.reached(this)) {
      for (const entry of entries) {
        if (site !== this.site) site.replica.join(entry, nowMs, site.wall(nowMs));
      }
    }
  }
}

/** Lets promises that are due be fulfilled. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
