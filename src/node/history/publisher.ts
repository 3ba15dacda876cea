import { fromHex } from "../../base/bytes.ts";
import type { NodeId } from "../../base/id.ts";
import type { Millis } from "../../base/time.ts";
import {
  type ClosedSpan,
  decodePublished,
  encodePublished,
  publishedKey,
} from "../../history/published.ts";
import type { Tier } from "../../history/tiers.ts";
import type { Replica } from "../../replica/replica.ts";
import type { Node } from "../node.ts";
import type { Library } from "./library.ts";

/** Tells the mesh what this node has closed of its own, in one entry a tier. */
export class Publisher {
  private readonly fresh = new Map<Tier, Set<Millis>>();

  constructor(
    private readonly self: NodeId,
    private readonly node: Node,
    private readonly replica: Replica,
    private readonly library: Library,
  ) {}

  /** Notes a span to be told of. */
  note(tier: Tier, startMs: Millis): void {
    const known = this.fresh.get(tier) ?? new Set();
    this.fresh.set(tier, known.add(startMs));
  }

  /** What an origin tells of a tier. */
  of(origin: NodeId, tier: Tier): readonly ClosedSpan[] {
    return decodePublished(tier, this.replica.get(origin, publishedKey(tier))?.entry.value);
  }

  tell(): void {
    for (const [tier, starts] of this.fresh) {
      const closed = new Map(this.of(this.self, tier).map((span) => [span.startMs, span]));
      for (const startMs of starts) {
        const hash = fromHex(this.library.manifestHash({ origin: this.self, tier, startMs }));
        if (hash !== undefined) closed.set(startMs, { startMs, hash });
      }
      this.node.write(publishedKey(tier), encodePublished(tier, closed.values()), "batched");
    }
    this.fresh.clear();
  }
}
