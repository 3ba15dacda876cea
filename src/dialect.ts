import type { LinkTransport } from "./link/port.ts";
import type { Node } from "./node/node.ts";
import type { FrameCodec } from "./overlay/codec.ts";
import type { EntryCodec } from "./replica/entry-codec.ts";
import type { Replica } from "./replica/replica.ts";

/**
 * How another version of this program speaks. A test hands one in, so that two versions meet in one
 * mesh before there are two; the program itself has none.
 */
export interface Dialect {
  /** The newest wire version that it understands. */
  readonly version: number;
  hello(own: Uint8Array): Uint8Array;
  frames(own: FrameCodec): FrameCodec;
  entries(own: EntryCodec): EntryCodec;
  links(own: LinkTransport): LinkTransport;
  /** Called before the node starts: nothing may be written yet. */
  begin(node: Pick<Node, "write" | "every">, replica: Replica): void;
}
