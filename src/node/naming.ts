import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { NAMED_KEY, namedRecord } from "../office/records.ts";
import { isName } from "../reading/reading.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";
import type { WriteRefusal } from "./read-side.ts";
import { notWritten } from "./targets.ts";

/** What a node is called and where it is. */
export interface Named {
  readonly name: string;
  readonly room: string;
}

export interface NamingParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly configured: Named;
  /** What it is called in the place of another that it took; undefined where it took none. */
  readonly inherited?: () => Named | undefined;
}

/**
 * What this node is called: as configured, as the one was whose place it took, or as somebody
 * named it on its page since. That is an entry of its own, so that it outlives restarts with all
 * else that people set.
 */
export class Naming implements Named {
  private given: Named | undefined;

  constructor(private readonly parts: NamingParts) {}

  get name(): string {
    return (this.given ?? this.usual()).name;
  }

  get room(): string {
    return (this.given ?? this.usual()).room;
  }

  /** Takes up what was said before; the replica is loaded then. */
  start(): void {
    const { replica, self } = this.parts;
    const value = replica.get(self, NAMED_KEY)?.entry.value;
    const said = value && namedRecord.decode(value);
    if (said?.ok && isName(said.value.name) && isName(said.value.room)) this.given = said.value;
  }

  /** Names the node, durably; as usual again means that the configuration is followed. */
  set(wanted: Named): Result<void, WriteRefusal> {
    const { node } = this.parts;
    const usual = this.usual();
    const isUsual = wanted.name === usual.name && wanted.room === usual.room;
    const value = isUsual ? undefined : namedRecord.encode(wanted);
    const written = node.write(NAMED_KEY, value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    this.given = isUsual ? undefined : wanted;
    return ok(undefined);
  }

  private usual(): Named {
    return this.parts.inherited?.() ?? this.parts.configured;
  }
}
