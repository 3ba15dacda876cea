import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { MqttSettings } from "../../config/edge-settings.ts";
import type { Counters } from "../../node/counters.ts";
import type { EdgeNotes } from "../../node/edge-notes.ts";
import type { Check, ReadSide } from "../../node/read-side.ts";
import { rendezvous } from "../../office/rendezvous.ts";
import { pauseMs, REFUSED_MS } from "../delivery.ts";
import { reasonOf } from "../http.ts";
import type { Outlet } from "../outlet.ts";
import { Readiness } from "../readiness.ts";
import type { BrokerLink, BrokerMessage, OpenBroker } from "./broker.ts";
import { Commands } from "./commands.ts";
import { type DeviceSettings, devicesOf, discoveryOf } from "./devices.ts";
import { Retained } from "./retained.ts";
import { Topics } from "./topics.ts";

/** How often it is looked whether anything is to be told. */
const LOOK_MS = SECOND_MS;
/** What changes is told so soon after; what changes within goes together. A guess. */
const GATHER_MS = 100;
/** A broker that is back is found within this. A guess. */
const PAUSE_MS_MAX = 30 * SECOND_MS;
/** A login that was refused is tried again, for whoever mends it. A guess. */
const LOGIN_PAUSE_MS = MINUTE_MS;
/** A broker that is out of reach for so long here is left to another node. A guess. */
const FAILING_MS = MINUTE_MS;
/** Who stands by hears within this whether somebody speaks; a retained word comes at once. */
const LISTEN_MS = 2 * SECOND_MS;
/** A node hears of all rooms before it says that one is no more. A guess. */
const SWEEP_MS = 10 * SECOND_MS;

/** A client's name is taken everywhere up to 23 characters (MQTT 3.1.1, section 3.1.3.1). */
const CLIENT_DIGITS = 8;

const ONLINE = "online";
const OFFLINE = "offline";

export interface BridgeParts {
  readonly settings: MqttSettings;
  readonly readSide: ReadSide;
  readonly notes: EdgeNotes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly counters: Counters;
  /** A number in [0, 1). */
  readonly chance: () => number;
  readonly open: OpenBroker;
}

interface Connection {
  readonly slot: 0 | 1;
  link: BrokerLink | undefined;
  /** Undefined until it is up. */
  sinceMs: Millis | undefined;
  /** What the first slot's topic says, as the second hears it. */
  first: string;
  /** Since when this one speaks; undefined while another does. */
  speaksMs: Millis | undefined;
}

/**
 * Tells an MQTT broker of the whole mesh, with Home Assistant's discovery.
 *
 * Of the nodes that have the broker configured, the first two by rendezvous hashing are connected.
 * Each keeps a topic of its own, its slot, at "online", which its will sets to "offline". The first
 * speaks. The second stands by and speaks while the first slot is not online; so the broker itself
 * tells of a death, long before the mesh is sure of it. What two say at once for a moment is the
 * same retained state, which does no harm.
 */
export class Bridge implements Outlet {
  readonly id: string;
  private readonly host: string;
  private readonly topics: Topics;
  private readonly devices: DeviceSettings;
  private readonly retained: Retained;
  private readonly readiness: Readiness;
  private readonly commands: Commands | undefined;
  private connection: Connection | undefined;
  private failure: { readonly reason: string; readonly kind: "lost" | "refused" } | undefined;
  private failures = 0;
  private failingMs: Millis | undefined;
  private failedMs: Millis = 0;
  private nextMs: Millis = 0;
  private devicesTold = 0;
  private isTelling = false;
  private isStopped = false;
  private callOff: (() => void) | undefined;
  private unsubscribe: (() => void) | undefined;

  constructor(private readonly parts: BridgeParts) {
    const { settings, notes, readSide } = parts;
    const { topic: base, discovery, targets } = settings;
    this.host = new URL(settings.url).host;
    this.id = notes.idOf("home-assistant", this.host, base);
    const idOf = (...words: readonly string[]) => notes.idOf(...words);
    this.topics = new Topics({ base, discovery, mesh: readSide.mesh().mesh, idOf });
    this.devices = { topics: this.topics, targets, version: readSide.self().version };
    this.retained = new Retained(this.topics);
    this.readiness = new Readiness({
      ...parts,
      neighbours: () => readSide.mesh().active.length,
    });
    if (targets === "write" && readSide.targets !== undefined) {
      this.commands = new Commands({
        topics: this.topics,
        targets: readSide.targets,
        refused: (reason) => this.say("a target over MQTT was not taken", reason),
      });
    }
  }

  start(): void {
    this.parts.notes.every(LOOK_MS, () => this.look());
    this.unsubscribe = this.parts.readSide.subscribe(() => this.lookSoon());
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.unsubscribe?.();
    this.callOff?.();
    await this.leave();
  }

  isFailing(): boolean {
    const { failure, failingMs } = this;
    const nowMs = this.now();
    if (failure === undefined || failingMs === undefined) return false;
    // It is offered again after a while, so that what was mended is used.
    if (nowMs - this.failedMs >= REFUSED_MS) return false;
    return failure.kind === "refused" || nowMs - failingMs >= FAILING_MS;
  }

  check(): Check {
    const name = `mqtt ${this.host}`;
    const { connection, failure } = this;
    if (connection?.sinceMs !== undefined) {
      const speaks = connection.speaksMs !== undefined;
      const told = `speaks for the mesh, ${this.devicesTold} devices`;
      return { name, state: "ok", detail: speaks ? told : "connected, stands by" };
    }
    if (failure !== undefined) {
      const isOld = this.now() - this.failedMs >= REFUSED_MS;
      const detail = `${isOld ? "failed last" : "fails"}: ${failure.reason}`;
      return { name, state: isOld ? "ok" : "degraded", detail };
    }
    const detail = connection === undefined ? "left to other nodes" : "connecting";
    return { name, state: "ok", detail };
  }

  /** Looks once; the rest goes on by itself. */
  look(): void {
    const slot = this.ownSlot();
    if (slot === undefined || (this.connection && this.connection.slot !== slot)) {
      void this.leave();
    }
    if (slot === undefined) return;
    if (this.connection === undefined) {
      if (this.now() >= this.nextMs) void this.connect(slot);
      return;
    }
    void this.tell(this.connection);
  }

  private lookSoon(): void {
    if (this.connection?.speaksMs === undefined) return;
    this.callOff ??= this.parts.timers.set(GATHER_MS, () => {
      this.callOff = undefined;
      this.look();
    });
  }

  /** This node's place among those that are connected; undefined: others are. */
  private ownSlot(): 0 | 1 | undefined {
    if (this.isStopped || !this.readiness.isReady()) return undefined;
    const { notes } = this.parts;
    const order = rendezvous(this.id, notes.able(this.id), (bytes) => notes.hash(bytes));
    const at = order.indexOf(notes.self);
    return at === 0 || at === 1 ? at : undefined;
  }

  private async connect(slot: 0 | 1): Promise<void> {
    const { notes, open } = this.parts;
    const connection: Connection = {
      slot,
      link: undefined,
      sinceMs: undefined,
      first: "",
      speaksMs: undefined,
    };
    this.connection = connection;
    const own = notes.idOf("client", notes.self, this.id).slice(0, CLIENT_DIGITS);
    const clientId = `watercooler-${own}-${slot + 1}`;
    const will = { clientId, topic: this.topics.slots[slot], text: OFFLINE };
    try {
      const link = await open(will, {
        connected: () => void this.greet(connection),
        heard: (message) => this.hear(connection, message),
        closed: (reason, kind) => this.lose(connection, reason, kind),
      });
      connection.link = link;
      if (this.connection !== connection) link.drop();
    } catch (error) {
      this.lose(connection, reasonOf(error), "refused");
    }
  }

  private async greet(connection: Connection): Promise<void> {
    // A client tells of its connection later than it is made.
    const { link } = connection;
    if (link === undefined || this.connection !== connection) return;
    const { topics } = this;
    try {
      await link.publish(topics.slots[connection.slot], ONLINE);
      const birth = topics.discovers ? [topics.birth, topics.config("+")] : [];
      await link.subscribe([...topics.slots, ...birth]);
      connection.sinceMs = this.now();
      this.recover();
      this.look();
    } catch {
      link.drop();
    }
  }

  private hear(connection: Connection, message: BrokerMessage): void {
    if (this.connection !== connection) return;
    const { topic, text } = message;
    const [first] = this.topics.slots;
    if (topic === this.topics.birth) {
      if (text !== ONLINE) return;
      this.retained.forget();
      return this.lookSoon();
    }
    if (topic === this.topics.slots[connection.slot]) {
      // Somebody who had this place before has left it.
      if (text !== ONLINE) void connection.link?.publish(topic, ONLINE).catch(() => {});
      return;
    }
    if (topic === first) {
      connection.first = text;
      return this.look();
    }
    if (this.topics.isOwnConfig(topic)) return this.retained.note(topic, text);
    if (connection.speaksMs !== undefined) this.commands?.hear(message);
    this.lookSoon();
  }

  private async tell(connection: Connection): Promise<void> {
    const { link } = connection;
    if (link === undefined || connection.sinceMs === undefined || this.isTelling) return;
    this.isTelling = true;
    try {
      if (!(await this.takeTurn(connection, link))) return;
      const { readSide, counters } = this.parts;
      this.commands?.carryOut(readSide.rooms());
      const wanted = this.wanted();
      const nowMs = this.now();
      const isSettled = nowMs - (connection.speaksMs ?? nowMs) >= SWEEP_MS;
      const publish = (topic: string, text: string) => link.publish(topic, text);
      const old = isSettled ? "sweep" : "keep";
      const count = await this.retained.tell(wanted, publish, { old, nowMs });
      if (count > 0) counters.add("watercooler_mqtt_messages_total", "delivered", count);
    } catch {
      link.drop();
    } finally {
      this.isTelling = false;
    }
  }

  /** Whether it is this node that speaks; what that takes is done when it becomes so. */
  private async takeTurn(connection: Connection, link: BrokerLink): Promise<boolean> {
    const { slot, first, sinceMs = 0 } = connection;
    const isHeard = first !== "" || this.now() - sinceMs >= LISTEN_MS;
    if (slot === 1 && (first === ONLINE || !isHeard)) {
      connection.speaksMs = undefined;
      this.commands?.forget();
      return false;
    }
    if (connection.speaksMs === undefined) {
      if (this.commands !== undefined) await link.subscribe([this.commands.filter]);
      this.retained.forget();
      connection.speaksMs = this.now();
    }
    return true;
  }

  /** All topics with what they should say. */
  private wanted(): ReadonlyMap<string, string> {
    const { readSide, settings } = this.parts;
    const people = settings.people === "named" ? (readSide.people?.list() ?? []) : [];
    const office = {
      rooms: readSide.rooms(),
      nodes: readSide.nodes(),
      readings: readSide.readings(),
      people,
    };
    const devices = devicesOf(office, this.devices);
    this.devicesTold = devices.length;
    const states = devices.map(({ stateTopic, state }) => [stateTopic, JSON.stringify(state)]);
    if (!this.topics.discovers) return new Map(states as [string, string][]);
    const configs = devices.map((device) => [
      this.topics.config(device.id),
      discoveryOf(device, this.devices),
    ]);
    return new Map([...configs, ...states] as [string, string][]);
  }

  /** Gives the place up; another one has it, or this node stops. */
  private async leave(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    if (connection?.link === undefined) return;
    await connection.link.end(this.topics.slots[connection.slot], OFFLINE).catch(() => {});
  }

  private lose(connection: Connection, reason: string, kind: "lost" | "refused"): void {
    if (this.connection !== connection) return;
    this.connection = undefined;
    const nowMs = this.now();
    this.failure = { reason, kind };
    this.failures += 1;
    this.failingMs ??= nowMs;
    this.failedMs = nowMs;
    const span = Math.min(PAUSE_MS_MAX, pauseMs(this.failures, this.parts.chance()));
    this.nextMs = nowMs + (kind === "refused" ? LOGIN_PAUSE_MS : span);
    this.say(`no connection to the broker ${this.host}`, reason);
  }

  private recover(): void {
    this.failure = undefined;
    this.failingMs = undefined;
    this.failures = 0;
  }

  private say(what: string, reason: string): void {
    this.parts.counters.trouble(what, reason);
  }

  private now(): Millis {
    return this.parts.clock.monotonicMs();
  }
}
