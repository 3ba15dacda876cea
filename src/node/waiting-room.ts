import { fingerprint } from "../base/fingerprint.ts";
import type { NodeId } from "../base/id.ts";
import { MINUTE_MS, type Millis } from "../base/time.ts";
import {
  type Knock,
  knockKey,
  knockRecord,
  knocks,
  letInsOf,
  type Proof,
  parseKnockKey,
  parseRefusedKey,
  refusedKey,
  refusedNodes,
} from "../office/admissions.ts";
import { nodeName, silentNodes } from "../office/nodes.ts";
import type { InvitationParts } from "./invitations.ts";
import type { PendingNode } from "./membership-views.ts";

/** Nodes that may knock at one member at once. A guess: a delivery of Pis. */
export const KNOCKS_MAX = 16;
/** Who has not knocked for so long has gone. Three times the pause between knocks. */
export const KNOCK_MS_MAX = MINUTE_MS;
/** Who was refused is not shown for so long. A guess. */
export const REFUSED_MS_MAX = 60 * MINUTE_MS;

/** Who knocks: noted by the member that was asked, seen on every node, gone when it gives up. */
export class WaitingRoom {
  private readonly heardMs = new Map<NodeId, Millis>();
  private readonly refusedMs = new Map<NodeId, Millis>();

  constructor(private readonly parts: InvitationParts) {}

  /** Notes a knock. Gives "full" where too many wait. */
  note(who: NodeId, name: string, address: string, proof: Proof | undefined): "noted" | "full" {
    const { node, clock, replica, self } = this.parts;
    if (!this.heardMs.has(who) && this.heardMs.size >= KNOCKS_MAX) return "full";
    this.heardMs.set(who, clock.monotonicMs());
    const held = replica.get(self, knockKey(who))?.entry.value;
    const known = held && knockRecord.decode(held);
    const isSaid =
      known?.ok === true &&
      known.value.name === name &&
      known.value.address === address &&
      (known.value.proof === undefined) === (proof === undefined);
    if (isSaid) return "noted";
    node.write(knockKey(who), knockRecord.encode({ name, address, proof }), "batched");
    return "noted";
  }

  /** Whoever waits and was neither let in nor refused, by name. */
  pending(): readonly PendingNode[] {
    const { replica } = this.parts;
    const byNode = new Map<NodeId, Knock[]>();
    for (const knock of this.open()) {
      byNode.set(knock.node, [...(byNode.get(knock.node) ?? []), knock]);
    }
    return [...byNode]
      .map(([id, [first, ...more]]) => ({
        id,
        fingerprint: fingerprint(id),
        name: first?.name ?? "",
        address: first?.address ?? "",
        seenBy: [first, ...more].flatMap((one) => (one ? [nodeName(replica, one.at)] : [])),
      }))
      .sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** The knocks that somebody should still look at. */
  open(): readonly Knock[] {
    const { replica, self, clock } = this.parts;
    const silent = new Set(silentNodes(replica, self, clock.monotonicMs()));
    const refused = this.refused();
    return knocks(replica).filter(
      ({ node, at }) =>
        !silent.has(at) &&
        !refused.has(node) &&
        !replica.isRetired(node) &&
        replica.state(node) === undefined &&
        letInsOf(replica, node).length === 0,
    );
  }

  /** Sends somebody away, for a while. */
  refuse(who: NodeId): void {
    const { node, clock } = this.parts;
    this.refusedMs.set(who, clock.monotonicMs());
    node.write(refusedKey(who), new Uint8Array(), "batched");
  }

  isRefused(who: NodeId): boolean {
    return this.refused().has(who);
  }

  private refused(): ReadonlySet<NodeId> {
    return refusedByAdmins(this.parts);
  }

  /** Takes back what is over: whoever came in or gave up, and refusals that have cooled. */
  tidy(): void {
    const { node, replica, self, clock } = this.parts;
    const nowMs = clock.monotonicMs();
    for (const { entry } of [...(replica.state(self)?.held.values() ?? [])]) {
      if (entry.value === undefined) continue;
      const knocker = parseKnockKey(entry.key);
      const sent = parseRefusedKey(entry.key);
      const isOver =
        (knocker !== undefined && !this.isWaiting(knocker, nowMs)) ||
        (sent !== undefined && nowMs - (this.refusedMs.get(sent) ?? nowMs) > REFUSED_MS_MAX);
      if (isOver) node.write(entry.key, undefined, "batched");
      if (isOver && knocker !== undefined) this.heardMs.delete(knocker);
    }
    for (const [who, heardMs] of this.heardMs) {
      if (nowMs - heardMs > KNOCK_MS_MAX) this.heardMs.delete(who);
    }
  }

  private isWaiting(who: NodeId, nowMs: Millis): boolean {
    const { replica } = this.parts;
    const heardMs = this.heardMs.get(who) ?? Number.NEGATIVE_INFINITY;
    return nowMs - heardMs <= KNOCK_MS_MAX && replica.state(who) === undefined;
  }
}

/** Only who may let in may keep out: a stolen member's Pi would send everybody away. */
export function refusedByAdmins({
  replica,
  notary,
}: Pick<InvitationParts, "replica" | "notary">): ReadonlySet<NodeId> {
  return refusedNodes(replica, (by) => {
    const credential = replica.birth(by)?.credential;
    return credential !== undefined && notary.powerOf(by, credential) === "admin";
  });
}
