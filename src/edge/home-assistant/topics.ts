import { isKind, type Kind } from "../../reading/kind.ts";

/** What an object id may hold (`TOPIC_MATCHER` in Home Assistant's `mqtt/discovery.py`). */
const OBJECT_ID_PATTERN = /^[a-zA-Z0-9_-]+$/;
/** 32 bits tell the few meshes, names and people of one broker apart. */
const TAG_DIGITS = 8;

export interface TopicNames {
  /** First part of all topics but discovery's. */
  readonly base: string;
  /** Home Assistant's own; empty where it is not to be told. */
  readonly discovery: string;
  readonly mesh: string;
  /** A hash in hexadecimal. */
  readonly idOf: (...words: readonly string[]) => string;
}

/** The names of all that is published, the same on every node of a mesh. */
export class Topics {
  /** Says that the node that speaks is there, and the one that stands by. */
  readonly slots: readonly [string, string];
  private readonly prefix: string;

  constructor(private readonly names: TopicNames) {
    const { base, mesh } = names;
    this.slots = [`${base}/bridge/1`, `${base}/bridge/2`];
    this.prefix = `watercooler_${this.tag(mesh)}_`;
  }

  /** Hexadecimal digits that stand for a text. */
  tag(text: string): string {
    return this.names.idOf("home-assistant", text).slice(0, TAG_DIGITS);
  }

  state(what: "room" | "node" | "people", name = ""): string {
    return [this.names.base, what, name].filter((part) => part !== "").join("/");
  }

  /** Where a target is set; `+` for any room or kind. */
  command(room: string, kind: Kind | "+"): string {
    return `${this.state("room", room)}/target/${kind}/set`;
  }

  /** Which target a topic sets; undefined for other topics. */
  commanded(topic: string): { readonly room: string; readonly kind: Kind } | undefined {
    const start = `${this.names.base}/room/`;
    if (!topic.startsWith(start)) return undefined;
    const [room = "", target, kind = "", set, ...more] = topic.slice(start.length).split("/");
    if (target !== "target" || set !== "set" || more.length > 0 || !isKind(kind)) return undefined;
    return { room, kind };
  }

  deviceId(what: "room" | "node" | "people", name: string): string {
    const fits = OBJECT_ID_PATTERN.test(name);
    // A dot is fit for a room and not for Home Assistant; two rooms must not become one by that.
    const plain = fits ? name : `${name.replaceAll(/[^a-zA-Z0-9_-]/g, "-")}_${this.tag(name)}`;
    return `${this.prefix}${what}_${plain}`;
  }

  /** Where a device is announced; `+` for all. */
  config(deviceId: string): string {
    return `${this.names.discovery}/device/${deviceId}/config`;
  }

  /** Whether a topic announces a device of this mesh. */
  isOwnConfig(topic: string): boolean {
    return topic.startsWith(`${this.names.discovery}/device/${this.prefix}`);
  }

  isOwn(topic: string): boolean {
    return topic.startsWith(`${this.names.base}/`);
  }

  /** Where Home Assistant says that it has started. */
  get birth(): string {
    return `${this.names.discovery}/status`;
  }

  get discovers(): boolean {
    return this.names.discovery !== "";
  }
}
