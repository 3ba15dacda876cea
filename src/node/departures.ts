import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import type { LinkTransport } from "../link/port.ts";
import { replacedKey } from "../office/replacements.ts";
import type { Message } from "../overlay/messages.ts";
import { BIRTH_KEY } from "../replica/birth.ts";
import type { Replica, Retired } from "../replica/replica.ts";

/** Who was put out or replaced hears of it before the link goes. A guess. */
const FAREWELL_MS = SECOND_MS;

export interface DeparturesParts {
  readonly self: NodeId;
  readonly replica: Replica;
  readonly transport: Pick<LinkTransport, "close">;
  readonly log: Log;
  send(peer: NodeId, message: Message): void;
  /** Writes durably. */
  write(key: string, value: Uint8Array): void;
  later(afterMs: Millis, callback: () => void): void;
  /** Tells whoever looks at the nodes that there is one less. */
  changed(): void;
  /** Leaves the mesh. */
  leave(): void;
}

/** Ends what ties this node to those who were put out or replaced, or leaves where it was one. */
export class Departures {
  constructor(private readonly parts: DeparturesParts) {}

  /** Whether no link to a node is wanted any more. */
  isOut(node: NodeId): boolean {
    const { replica } = this.parts;
    return replica.isRetired(node) || replica.isReplaced(node);
  }

  /** Looks who went since the last call. */
  look(): void {
    const { replica } = this.parts;
    for (const retired of replica.takeRetired()) this.putOut(retired);
    for (const replaced of replica.takeReplaced()) this.replace(replaced);
  }

  /** Tells a node that comes back, and does not know it, that another has its place. */
  sendOff(peer: NodeId): "gone" | "stays" {
    const { replica, send } = this.parts;
    if (!replica.isReplaced(peer)) return "stays";
    const key = replacedKey(peer);
    const entries = [...replica.origins()].flatMap(({ held }) => {
      const token = held.get(key)?.entry;
      const birth = held.get(BIRTH_KEY)?.entry;
      return token === undefined || birth === undefined ? [] : [birth, token];
    });
    send(peer, { type: "gossip", rumours: entries.map((entry) => ({ entry, round: 0 })) });
    this.closeSoon(peer);
    return "gone";
  }

  private putOut({ origin, orphans }: Retired): void {
    const { self, log, replica, write, changed, leave } = this.parts;
    if (origin === self) {
      log.write("error", "this node was put out of the mesh: run watercooler rekey to join again");
      return leave();
    }
    log.write("warn", "a node was put out of the mesh", { node: origin });
    for (const { key, value } of orphans) {
      const isSaid = [...replica.origins()].some(
        (state) => state.held.get(key)?.entry.value !== undefined,
      );
      if (!isSaid && value !== undefined) write(key, value);
    }
    this.closeSoon(origin);
    changed();
  }

  private replace(node: NodeId): void {
    const { self, log, replica, changed, leave } = this.parts;
    const [successor = "nobody"] = replica.successorsOf(node);
    if (node === self) {
      log.write("error", "another node has this one's place: run watercooler rekey to join anew", {
        successor,
      });
      return leave();
    }
    log.write("warn", "a node was replaced", { node, successor });
    this.closeSoon(node);
    changed();
  }

  private closeSoon(node: NodeId): void {
    this.parts.later(FAREWELL_MS, () => this.parts.transport.close(node));
  }
}
