import type { NodeId } from "../base/id.ts";
import type { SimHost } from "./host.ts";

interface Story {
  readonly origin: NodeId;
  readonly key: string;
  /** All that was ever written, in order; undefined where the key was taken back. */
  readonly values: (string | undefined)[];
  /** The last write that must survive; -1 for none. */
  acked: number;
  /** The process that wrote last. */
  boot: string;
}

/**
 * What a client remembers of its own writes, to tell at the end whether the mesh still does.
 *
 * Each key has one physical writer. A write that was acknowledged as durable must be there, or a
 * later one of the same key. Of others, only what the process that still runs has written.
 */
export class Oracle {
  private readonly stories = new Map<string, Story>();
  private readonly doubted = new Set<NodeId>();

  wrote(host: SimHost, key: string, value: string | undefined, outcome: "kept" | "open"): void {
    const name = `${host.id} ${key}`;
    const story = this.stories.get(name) ?? {
      origin: host.id,
      key,
      values: [],
      acked: -1,
      boot: "",
    };
    this.stories.set(name, story);
    story.values.push(value);
    story.boot = host.process?.boot ?? "";
    if (outcome === "kept") story.acked = story.values.length - 1;
  }

  /** The card was lost, replaced or copied: what was acknowledged may be gone with it. */
  doubt(origin: NodeId): void {
    this.doubted.add(origin);
    for (const story of this.stories.values()) {
      if (story.origin === origin) story.acked = -1;
    }
  }

  /** What these hosts wrote and `host` does not show as it should, once they all agree. */
  complaints(host: SimHost, writers: readonly SimHost[]): readonly string[] {
    const origins = new Set(writers.map(({ id }) => id));
    const boots = new Set(writers.map(({ process }) => process?.boot));
    const found: string[] = [];
    for (const story of this.stories.values()) {
      const { origin, key, values, acked, boot } = story;
      if (!origins.has(origin)) continue;
      const shown = host.read(origin, key);
      const last = values.at(-1);
      const sure = boots.has(boot) && !this.doubted.has(origin);
      if (sure && shown !== last) {
        found.push(`${key}: shows ${shown}, but its living writer last said ${last}`);
        continue;
      }
      if (shown === undefined && acked === -1) continue;
      const allowed = values.slice(Math.max(0, acked));
      if (!allowed.includes(shown)) {
        found.push(`${key}: shows ${shown}, acknowledged was ${values[acked]}, last ${last}`);
      }
    }
    return found;
  }

  /** Live keys of one origin, at most. */
  keysOf(origin: NodeId): number {
    let count = 0;
    for (const story of this.stories.values()) if (story.origin === origin) count += 1;
    return count;
  }
}
