import assert from "node:assert/strict";
import type { Address, NodeId } from "../../src/base/id.ts";
import { err, ok } from "../../src/base/result.ts";
import type { LinkEvent, LinkFailure, LinkIdentity, LinkTransport } from "../../src/link/port.ts";

const LIMIT_MS = 10_000;

export const bytesOf = (text: string) => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString();

/** Waits for a condition; fails by name when it does not come. */
export async function until(holds: () => boolean, what: string, limitMs = LIMIT_MS): Promise<void> {
  const startedMs = performance.now();
  while (!holds()) {
    assert.ok(performance.now() - startedMs < limitMs, `waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** An identity whose hello is its boot, and which accepts whoever `refuses` does not name. */
export function identityOf(self: NodeId, boot: string, refuses?: LinkFailure): LinkIdentity {
  return {
    self,
    hello: () => bytesOf(boot),
    judge: (_, hello) =>
      refuses === undefined
        ? ok({ boot: textOf(hello), addresses: [], version: 1, credential: new Uint8Array() })
        : err(refuses),
  };
}

/** One node of a test: its transport, and all that this told. */
export class Party {
  readonly events: LinkEvent[] = [];
  /** Called on each event, before the test looks. */
  reaction: (event: LinkEvent) => void = () => {};

  constructor(
    readonly id: NodeId,
    readonly transport: LinkTransport,
  ) {}

  async start(): Promise<this> {
    await this.transport.start((event) => {
      this.events.push(event);
      this.reaction(event);
    });
    return this;
  }

  get address(): Address {
    const [first] = this.transport.bound();
    assert.ok(first);
    return first;
  }

  dial(other: Party): void {
    this.transport.dial(other.address, other.id);
  }

  count(type: LinkEvent["type"]): number {
    return this.events.filter((event) => event.type === type).length;
  }

  reasons(type: "dial-failed" | "down" | "refused"): LinkFailure[] {
    return this.events.flatMap((event) => (event.type === type ? [event.reason] : []));
  }

  frames(): string[] {
    return this.events.flatMap((event) => (event.type === "frame" ? [textOf(event.bytes)] : []));
  }

  /** Up and down must alternate for each peer, and frames come only in between. */
  checkOrder(): void {
    const linked = new Set<NodeId>();
    for (const event of this.events) {
      if (event.type === "up") {
        assert.ok(!linked.has(event.peer), "up twice");
        linked.add(event.peer);
      } else if (event.type === "down") assert.ok(linked.delete(event.peer), "down without up");
      else if (event.type === "frame") assert.ok(linked.has(event.peer), "a frame without a link");
    }
    const held = this.transport.stats().map(({ peer }) => peer);
    assert.deepEqual(held.sort(), [...linked].sort());
  }
}
