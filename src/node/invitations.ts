import { equalBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Clock, HOUR_MS } from "../base/time.ts";
import {
  type InvitationView,
  invitationRecord,
  invitationViews,
  inviteKey,
  type KnockRefusal,
  letInsOf,
  POWERS,
  type Proof,
} from "../office/admissions.ts";
import { nodeName } from "../office/nodes.ts";
import type { Replica } from "../replica/replica.ts";
import type { InvitationRequest, MadeInvitation, ToldInvitation } from "./membership-views.ts";
import type { Node } from "./node.ts";
import type { Notary } from "./notary.ts";
import type { WriteRefusal } from "./read-side.ts";
import { notWritten } from "./targets.ts";

/** Invitations of one node at once. A guess: the cards of a large office. */
export const INVITATIONS_MAX = 256;
/** An invitation that is over is dropped after this. A guess: until then people ask why. */
const OVER_MS_MAX = 7 * 24 * HOUR_MS;

export interface InvitationParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly notary: Notary;
}

/** Invitations: made, listed, taken back and judged. */
export class Invitations {
  constructor(private readonly parts: InvitationParts) {}

  /** Makes one, durably. Its code is told this once; nothing that is kept gives it again. */
  make(request: InvitationRequest): Result<MadeInvitation, WriteRefusal> {
    const { notary, node, clock, replica } = this.parts;
    const { uses, expiresMs, power, name } = request;
    if (notary.own().power !== "admin") return err({ status: 403, detail: this.mayNot() });
    this.dropOld();
    if (this.own().length >= INVITATIONS_MAX) {
      const detail = `${INVITATIONS_MAX} invitations are open here: revoke some first`;
      return err({ status: 409, detail });
    }
    const { id, code, key, delegation } = notary.invite(power);
    const madeWallMs = Math.max(0, Math.floor(clock.wallMs()));
    const expiresWallMs = madeWallMs + Math.floor(expiresMs);
    const made = { key, uses, madeWallMs, expiresWallMs, delegation };
    const value = invitationRecord.encode({ ...made, power: POWERS.indexOf(power), name });
    const written = node.write(inviteKey(id), value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    const by = nodeName(replica, this.parts.self);
    return ok({ id, code, power, uses, used: 0, expiresWallMs, by, name, state: "open" });
  }

  list(): readonly ToldInvitation[] {
    const { replica } = this.parts;
    return invitationViews(replica).map((view) => {
      const { id, name, power, uses, used, expiresWallMs } = view;
      const by = nodeName(replica, view.by);
      return { id, name, power, uses, used, expiresWallMs, by, state: this.stateOf(view) };
    });
  }

  /** Takes one back, everywhere and for good. */
  revoke(id: string): Result<void, WriteRefusal> {
    const { notary, node, replica } = this.parts;
    const found = invitationViews(replica).find((one) => one.id === id.toLowerCase());
    if (found === undefined) {
      return err({ status: 404, detail: `no invitation ${id}: see "watercooler invite --list"` });
    }
    if (this.isRevoked(found)) return ok(undefined);
    if (notary.own().power !== "admin") return err({ status: 403, detail: this.mayNot() });
    const made = notary.revocation(found.delegation);
    if (!made.ok) return err({ status: 409, detail: `invitation ${id}: ${made.error}` });
    const written = node.write(made.value.key, made.value.value, "durable");
    return written.ok ? written : err(notWritten(written.error));
  }

  /** The invitation that a proof opens for a node now, or why none. */
  judge(joiner: NodeId, member: NodeId, proof: Proof): Result<InvitationView, KnockRefusal> {
    const { notary, replica } = this.parts;
    if (!notary.isProof(proof, joiner, member)) return err("bad-proof");
    const found = invitationViews(replica).find(({ key }) => equalBytes(key, proof.key));
    if (found === undefined) return err("unknown-invitation");
    const { by, key, power, delegation } = found;
    const maker = replica.birth(by)?.credential;
    const mayInvite = maker !== undefined && notary.powerOf(by, maker) === "admin";
    if (!mayInvite || !notary.isInvitation(by, key, power, delegation)) return err("revoked");
    const state = this.stateOf(found);
    const isUser = letInsOf(replica, joiner).some(({ invitation }) => invitation === found.id);
    if (state === "used-up" && isUser) return ok(found);
    return state === "open" ? ok(found) : err(state);
  }

  /** Drops this node's own that have long been over. */
  dropOld(): void {
    const { node, clock } = this.parts;
    const nowMs = clock.wallMs();
    for (const { id, expiresWallMs } of this.own()) {
      if (nowMs - expiresWallMs > OVER_MS_MAX) node.write(inviteKey(id), undefined, "batched");
    }
  }

  /** For whom asks a node that has not the power: who has it. */
  mayNot(): string {
    const { replica, notary } = this.parts;
    const admins = [...replica.origins()]
      .filter(({ origin }) => {
        const credential = replica.birth(origin)?.credential;
        return credential !== undefined && notary.powerOf(origin, credential) === "admin";
      })
      .map(({ origin }) => nodeName(replica, origin));
    return `this node may not let others in or put them out: ask ${admins.join(", ") || "nobody"}`;
  }

  private own(): readonly InvitationView[] {
    const { replica, self } = this.parts;
    return invitationViews(replica).filter(({ by }) => by === self);
  }

  private isRevoked({ delegation }: InvitationView): boolean {
    const { notary, replica } = this.parts;
    const key = notary.revokedKeyOf(delegation);
    if (key === undefined) return true;
    return [...replica.origins()].some(({ origin }) => {
      const value = replica.get(origin, key)?.entry.value;
      return value !== undefined && notary.isRevocation(key, value);
    });
  }

  private stateOf(view: InvitationView): ToldInvitation["state"] {
    const { expiresWallMs, used, uses } = view;
    if (this.isRevoked(view)) return "revoked";
    if (this.parts.clock.wallMs() > expiresWallMs) return "expired";
    return used >= uses ? "used-up" : "open";
  }
}
