import { createHash } from "node:crypto";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import type { NodeId } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { ok } from "../../src/base/result.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { MqttSettings } from "../../src/config/edge-settings.ts";
import { Bridge } from "../../src/edge/home-assistant/bridge.ts";
import type { BrokerEvents, BrokerWill, OpenBroker } from "../../src/edge/home-assistant/broker.ts";
import { Counters } from "../../src/node/counters.ts";
import type { EdgeNotes } from "../../src/node/edge-notes.ts";
import type { ReadSide } from "../../src/node/read-side.ts";
import { rendezvous } from "../../src/office/rendezvous.ts";
import type { ReadingView, RoomView } from "../../src/office/views.ts";
import { type Kind, unitOf } from "../../src/reading/kind.ts";

export const ROOM_TOPIC = "watercooler/room/kitchen";
export const SET_TOPIC = `${ROOM_TOPIC}/target/temperature/set`;
const STEP_MS = 100;
const LOOK_MS = 1_000;

const hash = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

export function reading(kind: Kind, value: number | boolean): ReadingView {
  const node = "n" as NodeId;
  const at = { atWallMs: 0, ageMs: 0, stale: false, simulated: false };
  return { node, sensor: "pi/box", room: "kitchen", kind, value, unit: unitOf(kind), ...at };
}

interface Client extends BrokerWill {
  readonly node: string;
  readonly events: BrokerEvents;
  readonly filters: string[];
}

/** A broker in memory: retained messages, wills, `+` and all it takes for those who speak here. */
export class FakeBroker {
  readonly retained = new Map<string, string>();
  readonly said: { readonly by: string; readonly topic: string; readonly text: string }[] = [];
  private clients: Client[] = [];
  private isUp = true;

  saidBy(topic: string): readonly string[] {
    return this.said.filter((one) => one.topic === topic).map(({ by }) => by);
  }

  configs(): readonly string[] {
    return [...this.retained.keys()].filter((topic) => topic.endsWith("/config"));
  }

  opener(node: string, reaches: () => boolean): OpenBroker {
    return async (will, events) => {
      const client: Client = { ...will, node, events, filters: [] };
      const up = this.isUp && reaches();
      if (up) this.clients.push(client);
      setImmediate(() => {
        if (up) events.connected();
        else events.closed("nobody listens there", "lost");
      });
      const check = () => {
        if (!this.clients.includes(client)) throw new Error("closed");
      };
      return {
        publish: async (topic, text) => {
          check();
          if (text === "") this.retained.delete(topic);
          else this.retained.set(topic, text);
          this.publish(node, topic, text);
        },
        subscribe: async (topics) => {
          check();
          client.filters.push(...topics);
          const found = [...this.retained].filter(([topic]) =>
            topics.some((filter) => isOf(filter, topic)),
          );
          // A broker sends them after its word that it has the subscription.
          setImmediate(() => {
            for (const [topic, text] of found) events.heard({ topic, text, said: "retained" });
          });
        },
        end: async (topic, text) => {
          check();
          this.retained.set(topic, text);
          this.clients = this.clients.filter((one) => one !== client);
          this.publish(node, topic, text);
        },
        drop: () => this.cut([client]),
      };
    };
  }

  publish(by: string, topic: string, text: string): void {
    this.said.push({ by, topic, text });
    for (const { filters, events } of this.clients) {
      if (filters.some((filter) => isOf(filter, topic))) events.heard({ topic, text, said: "now" });
    }
  }

  /** A process that died: its will is said, and it hears of nothing. */
  bury(node: string): void {
    this.cut(this.clients.filter((client) => client.node === node));
  }

  stop(): void {
    this.isUp = false;
    this.cut(this.clients);
    this.retained.clear();
    this.said.length = 0;
  }

  start(): void {
    this.isUp = true;
  }

  private cut(gone: readonly Client[]): void {
    this.clients = this.clients.filter((client) => !gone.includes(client));
    for (const { node, topic, text, events } of gone) {
      this.retained.set(topic, text);
      this.publish(node, topic, text);
      events.closed("the broker hung up", "lost");
    }
  }
}

function isOf(filter: string, topic: string): boolean {
  const [parts, said] = [filter.split("/"), topic.split("/")];
  return parts.length === said.length && parts.every((one, at) => one === "+" || one === said[at]);
}

/** Nodes with a bridge each, on one clock, that all see the same office. */
export class Rig {
  readonly clock = new ManualClock();
  readonly timers = new ManualTimers(this.clock);
  readonly broker = new FakeBroker();
  readonly nodes: readonly RigNode[];
  /** Targets as they were set. */
  readonly set: string[] = [];
  rooms: readonly RoomView[] = [];
  /** Nodes that say that they can't reach the broker. */
  failing: readonly string[] = [];

  constructor(names: readonly string[], more: Partial<MqttSettings> = {}) {
    this.nodes = names.map((name) => new RigNode(this, name, more));
  }

  /** The nodes in the order in which the broker falls to them. */
  get inOrder(): readonly RigNode[] {
    const [first] = this.nodes;
    const ids = this.nodes.map(({ name }) => name as NodeId);
    const order = rendezvous(first?.bridge.id ?? "", ids, hash);
    return order.flatMap((id) => this.nodes.filter(({ name }) => name === id));
  }

  roles(): readonly string[] {
    return this.inOrder.map(({ bridge }) => bridge.check().detail.split(/[ ,]/)[0] ?? "");
  }

  async pass(spanMs: number): Promise<void> {
    for (let gone = 0; gone < spanMs; gone += STEP_MS) {
      if (this.clock.monotonicMs() % LOOK_MS === 0) for (const { looks } of this.nodes) looks();
      this.timers.advance(STEP_MS);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export class RigNode {
  bridge: Bridge;
  private reaches = true;
  private isUp = true;
  private look = () => {};

  constructor(
    private readonly rig: Rig,
    readonly name: string,
    private readonly more: Partial<MqttSettings>,
  ) {
    this.bridge = this.make();
  }

  readonly looks = () => {
    if (this.isUp) this.look();
  };

  die(): void {
    this.isUp = false;
    this.rig.broker.bury(this.name);
  }

  revive(): void {
    this.isUp = true;
    this.bridge = this.make();
  }

  unreach(): void {
    this.reaches = false;
  }

  private make(): Bridge {
    const { rig, name } = this;
    const { clock, timers, broker } = rig;
    const notes = {
      self: name,
      known: rig.nodes?.length ?? 1,
      isClone: false,
      hash,
      idOf: (...words: readonly string[]) =>
        createHash("sha256").update(words.join("\n")).digest("hex").slice(0, 32),
      able: () => rig.nodes.flatMap((node) => (rig.failing.includes(node.name) ? [] : [node.name])),
      every: (_: number, look: () => void) => {
        this.look = look;
      },
    } as unknown as EdgeNotes;
    const bridge = new Bridge({
      settings: {
        url: "mqtt://broker.local:1883",
        username: "",
        caFile: "",
        topic: "watercooler",
        discovery: "homeassistant",
        targets: "write",
        people: "withheld",
        ...this.more,
      },
      readSide: this.readSide(),
      notes,
      clock,
      timers,
      counters: new Counters(silentLog, clock),
      chance: () => 0.5,
      open: broker.opener(name, () => this.reaches && this.isUp),
    });
    bridge.start();
    return bridge;
  }

  private readSide(): ReadSide {
    const { rig } = this;
    return {
      self: () => ({ version: "1" }),
      mesh: () => ({ mesh: "m", active: ["other"] }),
      rooms: () => rig.rooms,
      nodes: () => [],
      readings: () => [],
      people: { list: () => [{ person: "Ana", isIn: true, sinceWallMs: 0, devices: [] }] },
      targets: {
        get: () => undefined,
        set: (room: string, kind: Kind, value: number) => {
          rig.set.push(`${room} ${kind} ${value}`);
          return ok(undefined);
        },
        clear: () => ok(undefined),
      },
      subscribe: () => () => {},
    } as unknown as ReadSide;
  }
}
