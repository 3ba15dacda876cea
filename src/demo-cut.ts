import type { NodeId } from "./base/id.ts";
import { CuttableTransport } from "./link/cuttable.ts";
import type { LinkTransport } from "./link/port.ts";
import type { DemoSide } from "./node/read-side.ts";

/** Set by the demo for its own nodes; nothing else knows of it. */
export const DEMO_VARIABLE = "WATERCOOLER_DEMO_NODE";

/** What a node of the demo asks the demo for. */
export interface CutRequest {
  readonly demo: "cut" | "heal";
}

/** What the demo then tells each node: with whom it has no links. */
export interface CutOrder {
  readonly away: readonly NodeId[];
}

/** The channel between a node and the demo that started it. */
export interface DemoChannel {
  ask(request: CutRequest): void;
  onOrder(listener: (order: CutOrder) => void): void;
}

/** The channel, where this process is a node of the demo. */
export function demoChannel(): DemoChannel | undefined {
  if (process.env[DEMO_VARIABLE] === undefined || process.send === undefined) return undefined;
  return {
    ask: (request) => void process.send?.(request),
    onOrder: (listener) => {
      process.on("message", (message: CutOrder) => listener(message));
      // Listening holds the channel, and with it the process, which is to end when it is told to.
      process.channel?.unref();
    },
  };
}

/** Links that the demo can cut, where this is a node of it; else just the links. */
export function cuttable(
  channel: DemoChannel | undefined,
  links: LinkTransport,
): { readonly transport: LinkTransport; readonly demo: DemoSide | undefined } {
  if (channel === undefined) return { transport: links, demo: undefined };
  const transport = new CuttableTransport(links);
  channel.onOrder(({ away }) => transport.cut(away));
  const ask = (demo: CutRequest["demo"]) => channel.ask({ demo });
  return { transport, demo: { isCut: () => transport.isCut, ask } };
}

/** Who is away for whom: the first half of the office and the second have no links. */
export function halvesOf(ids: readonly NodeId[]): ReadonlyMap<NodeId, readonly NodeId[]> {
  const half = Math.ceil(ids.length / 2);
  return new Map(ids.map((id, at) => [id, at < half ? ids.slice(half) : ids.slice(0, half)]));
}
