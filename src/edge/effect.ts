import type { Kind } from "../reading/kind.ts";
import type { Delivery } from "./delivery.ts";
import { titleOf } from "./title.ts";

/** What is said once for the whole mesh. */
export interface Message {
  /** The same for every try of the same announcement, so that a receiver can tell a double. */
  readonly id: string;
  readonly room: string;
  readonly kind: Kind;
  /** What the rule says. */
  readonly text: string;
  /** The value behind it, where it is known. */
  readonly value?: number | boolean;
  readonly unit?: string;
  /** The node that says it. */
  readonly node: string;
  /** By this node's clock: for people. */
  readonly atWallMs: number;
}

/** A place outside the mesh where things are announced. */
export interface Effect {
  /**
   * The same on all nodes that have it configured, and different from all others; undefined while
   * it is not known yet.
   */
  id(): string | undefined;
  /** For people: what it is and its host, never a path or a secret. */
  readonly name: string;
  /** Empty: of all. */
  readonly rooms: readonly string[];
  readonly kinds: readonly Kind[];
  /** Never rejects. */
  send(message: Message): Promise<Delivery>;
}

/** One line for people. */
export function lineOf({ room, text }: Message): string {
  return `${titleOf(room)}: ${text}`;
}

/** For programs. */
export function documentOf(message: Message): string {
  const { id, room, kind, text, value, unit, node, atWallMs } = message;
  const at = new Date(atWallMs).toISOString();
  return JSON.stringify({ type: "advice", id, room, kind, text, value, unit, node, at });
}
