import { type Millis, SECOND_MS } from "../../base/time.ts";
import type { Topics } from "./topics.ts";

/** Retained devices that are remembered, so that a broker can't fill the memory. A guess. */
const DEVICES_MAX = 2_000;
/** So many on their way at once: a broker far away is no reason to wait for each. A guess. */
const UNDER_WAY_MAX = 32;

/**
 * A discovery message is said once more after this. Home Assistant lets the rest of a message go
 * at an entity that it is still setting up (`async_discovery_message_received`), and setting up
 * takes it seconds.
 */
const REPEAT_MS = 30 * SECOND_MS;

/** What a retained discovery message says, as far as it has to be known to take it back. */
interface Announced {
  readonly platforms: ReadonlyMap<string, string>;
  readonly stateTopics: readonly string[];
}

export type Publish = (topic: string, text: string) => Promise<void>;

/**
 * What the broker holds for the mesh. It tells it what changed and no more, and takes back what is
 * no more. Nothing is ever queued: each time the newest state is compared with what was told.
 */
export class Retained {
  private readonly told = new Map<string, string>();
  private readonly announced = new Map<string, Announced>();
  private readonly repeats = new Map<string, Millis>();

  constructor(private readonly topics: Topics) {}

  /** Everything is to be told again: another connection, or Home Assistant has started. */
  forget(): void {
    this.told.clear();
  }

  /** Notes a discovery message that the broker holds, whoever published it. */
  note(topic: string, text: string): void {
    if (!this.topics.isOwnConfig(topic)) return;
    const said = text === "" ? undefined : announcedIn(text);
    if (said === undefined) this.announced.delete(topic);
    else if (this.announced.size < DEVICES_MAX) this.announced.set(topic, said);
  }

  /**
   * Tells the broker what is wanted, as topics and texts. With `sweep`, devices that are announced
   * and not wanted are taken back, with their state. Gives how many messages went out; rejects
   * where one did not arrive.
   */
  async tell(
    wanted: ReadonlyMap<string, string>,
    publish: Publish,
    { old, nowMs }: { readonly old: "keep" | "sweep"; readonly nowMs: Millis },
  ): Promise<number> {
    const changed = [...wanted].filter(
      ([topic, text]) => this.told.get(topic) !== text || this.isDue(topic, nowMs),
    );
    const gone = old === "keep" ? [] : this.unwanted(wanted);
    const messages = [
      ...changed.flatMap(([topic, text]) => this.withFarewells(topic, text)),
      ...gone.map((topic) => [topic, ""] as const),
    ];
    for (let at = 0; at < messages.length; at += UNDER_WAY_MAX) {
      const some = messages.slice(at, at + UNDER_WAY_MAX);
      // In order, which MQTT keeps on one connection; only their receipts are waited for at once.
      await Promise.all(some.map(([topic, text]) => publish(topic, text)));
    }
    for (const [topic, text] of changed) this.settle(topic, text, nowMs);
    for (const topic of gone) {
      this.told.delete(topic);
      this.repeats.delete(topic);
    }
    for (const [topic, text] of messages) this.note(topic, text);
    return messages.length;
  }

  private isDue(topic: string, nowMs: Millis): boolean {
    return nowMs >= (this.repeats.get(topic) ?? Number.POSITIVE_INFINITY);
  }

  private settle(topic: string, text: string, nowMs: Millis): void {
    if (this.told.get(topic) === text) this.repeats.delete(topic);
    else if (this.topics.isOwnConfig(topic)) this.repeats.set(topic, nowMs + REPEAT_MS);
    this.told.set(topic, text);
  }

  /** Devices that are no more, and where their states and this node's were. */
  private unwanted(wanted: ReadonlyMap<string, string>): readonly string[] {
    const configs = [...this.announced.keys()].filter((topic) => !wanted.has(topic));
    const states = configs.flatMap((topic) => this.announced.get(topic)?.stateTopics ?? []);
    const own = states.filter((topic) => this.topics.isOwn(topic));
    const told = [...this.told.keys()];
    return [...new Set([...configs, ...own, ...told])].filter((topic) => !wanted.has(topic));
  }

  /**
   * A discovery message. Where the one before had entities that this one has not, they are first
   * named with nothing but their platform: Home Assistant removes them by that alone.
   */
  private withFarewells(topic: string, text: string): readonly (readonly [string, string])[] {
    const before = this.announced.get(topic);
    if (before === undefined || !this.topics.isOwnConfig(topic)) return [[topic, text]];
    const message = JSON.parse(text) as { components: Record<string, unknown> };
    const gone = [...before.platforms].filter(([key]) => !(key in message.components));
    if (gone.length === 0) return [[topic, text]];
    const farewells = Object.fromEntries(gone.map(([key, platform]) => [key, { platform }]));
    const first = { ...message, components: { ...message.components, ...farewells } };
    return [
      [topic, JSON.stringify(first)],
      [topic, text],
    ];
  }
}

/** Undefined where it is nothing that could have been ours. */
function announcedIn(text: string): Announced | undefined {
  try {
    const { components, state_topic } = JSON.parse(text) as Record<string, unknown>;
    const platforms = new Map<string, string>();
    for (const [key, one] of Object.entries(components ?? {})) {
      const platform = (one as { platform?: unknown } | null)?.platform;
      if (typeof platform === "string") platforms.set(key, platform);
    }
    const stateTopics = typeof state_topic === "string" ? [state_topic] : [];
    return { platforms, stateTopics };
  } catch {
    return undefined;
  }
}
