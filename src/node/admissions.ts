import { fingerprint } from "../base/fingerprint.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import { SECOND_MS } from "../base/time.ts";
import {
  forgottenKey,
  type KnockRefusal,
  letInKey,
  letInRecord,
  letInsOf,
  outlasts,
  type Power,
  type Proof,
  parseLetInKey,
} from "../office/admissions.ts";
import { unclaimsToKeep } from "../office/claims.ts";
import { parseGrantKey } from "../office/grants.ts";
import { nodeName, silentNodes } from "../office/nodes.ts";
import type { Entry } from "../replica/entry.ts";
import { type InvitationParts, Invitations } from "./invitations.ts";
import type {
  Forgotten,
  InvitationRequest,
  MadeInvitation,
  OwnMembership,
  PendingNode,
  ToldInvitation,
} from "./membership-views.ts";
import { keptWithout } from "./passed-on.ts";
import type { MembershipSide, WriteRefusal } from "./read-side.ts";
import type { Replacements } from "./replacements.ts";
import { notWritten } from "./targets.ts";
import { WaitingRoom } from "./waiting-room.ts";

/** How often passed-on knocks are looked at, and old ones dropped. A guess: nobody waits longer. */
const LOOK_MS = SECOND_MS;
/** So long an admin gets before the next one takes its place. A guess: gossip takes a tenth. */
const TURN_MS = 3 * SECOND_MS;

export interface AdmissionsParts extends InvitationParts {
  readonly log: Log;
  readonly replacements: Pick<Replacements, "pending" | "grantTo">;
}

/** Who asks to be let in, its key proved. */
export interface Knocker {
  readonly node: NodeId;
  readonly name: string;
  readonly address: string;
  readonly proof: Proof | undefined;
}

/** What somebody who knocked is told. */
export type Welcome =
  | { readonly outcome: "admitted"; readonly credential: Uint8Array; readonly issue: number }
  | { readonly outcome: "waiting" }
  | { readonly outcome: "refused"; readonly refusal: KnockRefusal };

/** Who comes into the mesh, and who is put out. */
export class Admissions implements MembershipSide {
  private readonly codes: Invitations;
  private readonly waitingRoom: WaitingRoom;

  constructor(private readonly parts: AdmissionsParts) {
    this.codes = new Invitations(parts);
    this.waitingRoom = new WaitingRoom(parts);
  }

  own(): OwnMembership {
    const { notary } = this.parts;
    const { mesh } = notary;
    const { power } = notary.own();
    return { mesh, fingerprint: fingerprint(mesh), power, admins: this.admins() };
  }

  invitations(): readonly ToldInvitation[] {
    return this.codes.list();
  }

  invite(request: InvitationRequest): Result<MadeInvitation, WriteRefusal> {
    return this.codes.make(request);
  }

  revoke(id: string): Result<void, WriteRefusal> {
    return this.codes.revoke(id);
  }

  pending(): readonly PendingNode[] {
    return [...this.waitingRoom.pending(), ...this.parts.replacements.pending()];
  }

  /** Takes up what others made for this node, and looks after those who wait. */
  start(): void {
    const { node, self, replica } = this.parts;
    for (const { entry } of [...replica.live()]) this.takeUp(entry);
    node.onEntries((entries) => {
      for (const entry of entries) if (parseLetInKey(entry.key) === self) this.takeUp(entry);
    });
    node.every(LOOK_MS, () => {
      this.waitingRoom.tidy();
      this.letInPassedOn();
    });
  }

  /** Answers somebody who knocks. */
  answer({ node: who, name, address, proof }: Knocker): Welcome {
    const { replica, notary, node } = this.parts;
    const refused = (refusal: KnockRefusal): Welcome => ({ outcome: "refused", refusal });
    if (replica.isRetired(who)) return refused("forgotten");
    const made = this.madeFor(who);
    if (made !== undefined) return { outcome: "admitted", ...made };
    if (node.isClone) return refused("busy");
    if (proof === undefined) {
      if (this.waitingRoom.isRefused(who)) return refused("said-no");
    } else {
      const judged = this.codes.judge(who, this.parts.self, proof);
      if (!judged.ok) return refused(judged.error);
      if (notary.own().power === "admin") {
        const { power, id } = judged.value;
        const done = this.letIn(who, power, id);
        return done.ok ? { outcome: "admitted", ...done.value } : refused("busy");
      }
    }
    const noted = this.waitingRoom.note(who, name, address, proof);
    return noted === "full" ? refused("busy") : { outcome: "waiting" };
  }

  /** Lets somebody in who waits, or gives a node that is in more power. */
  admit(name: string, power: Power): Result<PendingNode | { readonly id: NodeId }, WriteRefusal> {
    const { notary, replacements } = this.parts;
    const waiting = this.pending().filter((one) => isNamed(one, name));
    const isWaiting = (id: NodeId) => waiting.some((one) => one.id === id);
    const members = power === "admin" ? this.nodesNamed(name).filter((id) => !isWaiting(id)) : [];
    const [found, ...others] = [...waiting, ...members.map((id) => ({ id }))];
    if (found === undefined) {
      const detail = `nobody waits under "${name}": see "watercooler status"`;
      return err({ status: 404, detail });
    }
    if (others.length > 0) return err(ambiguous(name, [found.id, ...others.map(({ id }) => id)]));
    if (notary.own().power !== "admin") return err(this.mayNot());
    if ("replaces" in found) {
      const given = replacements.grantTo(found.id);
      if (!given.ok || power !== "admin") return given.ok ? ok(found) : given;
    }
    const done = this.letIn(found.id, power, undefined);
    return done.ok ? ok(found) : done;
  }

  /** Sends somebody away who waits, on every node. */
  refuse(name: string): Result<PendingNode, WriteRefusal> {
    const [found] = this.pending().filter((one) => isNamed(one, name));
    if (found === undefined) {
      return err({ status: 404, detail: `nobody waits under "${name}": see "watercooler status"` });
    }
    if (this.parts.notary.own().power !== "admin") return err(this.mayNot());
    this.waitingRoom.refuse(found.id);
    return ok(found);
  }

  /** Puts a node out for good, and drops all that it wrote, everywhere. */
  forget(name: string): Result<Forgotten, WriteRefusal> {
    const { notary, node, replica, self } = this.parts;
    const [id, ...more] = this.nodesNamed(name);
    if (id === undefined) {
      return err({ status: 404, detail: `no node "${name}": see "watercooler status"` });
    }
    if (more.length > 0) return err(ambiguous(name, [id, ...more]));
    if (id === self) {
      const detail = "a node can't put itself out: ask another one with --node";
      return err({ status: 409, detail });
    }
    if (notary.own().power !== "admin") return err(this.mayNot());
    const told = nodeName(replica, id);
    const known = keptWithout(replica, id);
    const through = known.others.filter(({ credential }) => notary.passesThrough(credential, id));
    const kept = [...new Set(through.map((one) => nodeName(replica, one.node)))];
    const token = notary.forgetToken(id, known);
    this.sayAgain(id);
    const written = node.write(forgottenKey(id), token, "durable");
    if (!written.ok) return err(notWritten(written.error));
    node.erase();
    return ok({ id, name: told, kept });
  }

  private admins(): OwnMembership["admins"] {
    const { replica, notary, self, clock } = this.parts;
    const silent = new Set(silentNodes(replica, self, clock.monotonicMs()));
    const found = [...replica.origins()].flatMap(({ origin: id }) => {
      const credential = replica.birth(id)?.credential;
      if (credential === undefined || replica.isReplaced(id)) return [];
      if (notary.powerOf(id, credential) !== "admin") return [];
      return [{ id, name: nodeName(replica, id), isAlive: !silent.has(id) }];
    });
    return found.sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  /** What stands ready for a node, where it still lets it in. */
  private madeFor(who: NodeId) {
    const { replica, notary } = this.parts;
    const standing = letInsOf(replica, who).find(
      ({ credential }) => notary.powerOf(who, credential) !== undefined,
    );
    return standing && { credential: standing.credential, issue: standing.issue };
  }

  private letIn(who: NodeId, power: Power, invitation: string | undefined) {
    const { notary, node, replica, log } = this.parts;
    const made = notary.issue(who, power);
    if (!made.ok) return err({ status: 409 as const, detail: made.error });
    const issue = Math.max(0, ...letInsOf(replica, who).map((one) => one.issue)) + 1;
    const value = letInRecord.encode({ credential: made.value, issue, invitation });
    const written = node.write(letInKey(who), value, "durable");
    if (!written.ok) return err(notWritten(written.error));
    log.write("info", "let a node in", { fingerprint: fingerprint(who), power });
    return ok({ credential: made.value, issue });
  }

  /**
   * Admins look after those who knocked where nobody may let them in: one after the other, since
   * the first may have died just now.
   */
  private letInPassedOn(): void {
    const { self, notary, clock } = this.parts;
    const passedOn = this.waitingRoom.open().filter(({ proof }) => proof !== undefined);
    if (passedOn.length === 0 || notary.own().power !== "admin") return;
    const alive = this.admins().filter(({ isAlive }) => isAlive);
    const rank = alive
      .map(({ id }) => id)
      .sort()
      .indexOf(self);
    for (const { node: who, at, proof, heardMs } of passedOn) {
      if (clock.monotonicMs() - heardMs < rank * TURN_MS) continue;
      const judged = proof && this.codes.judge(who, at, proof);
      if (judged?.ok) this.letIn(who, judged.value.power, judged.value.id);
    }
  }

  /** A credential made for this node takes the place of an older one. */
  private takeUp(entry: Entry): void {
    const { notary, node, self, log } = this.parts;
    if (parseLetInKey(entry.key) !== self || entry.value === undefined) return;
    const decoded = letInRecord.decode(entry.value);
    if (!decoded.ok || decoded.value.issue <= notary.own().issue) return;
    const { credential, issue } = decoded.value;
    if (notary.powerOf(self, credential) === undefined) return;
    const adopted = notary.adopt(credential, issue);
    if (!adopted.ok) return log.write("error", `a new credential was not taken: ${adopted.error}`);
    log.write("info", "this node has a new credential", { power: notary.own().power });
    node.renew();
  }

  /** What a node took back, and whom it let in by which invitation, is known without it. */
  private sayAgain(id: NodeId): void {
    const { replica, node, self } = this.parts;
    for (const { key, value } of unclaimsToKeep(replica, self, id)) {
      node.write(key, value, "durable");
    }
    for (const { entry } of [...(replica.state(id)?.held.values() ?? [])]) {
      const { key, value } = entry;
      const isKept = outlasts(key) || parseLetInKey(key) !== undefined || isGrant(key);
      if (value === undefined || !isKept || replica.get(self, key) !== undefined) continue;
      node.write(key, value, "durable");
    }
  }

  private nodesNamed(name: string): readonly NodeId[] {
    const { replica } = this.parts;
    const all = [...replica.origins()].map(({ origin }) => origin);
    const exact = all.filter((id) => id === name || bare(fingerprint(id)) === bare(name));
    const named = all.filter((id) => !replica.isReplaced(id) && nodeName(replica, id) === name);
    return [...new Set([...exact, ...named])];
  }

  private mayNot(): WriteRefusal {
    return { status: 403, detail: this.codes.mayNot() };
  }
}

function isGrant(key: string): boolean {
  return parseGrantKey(key) !== undefined;
}

function isNamed(one: PendingNode, name: string): boolean {
  return one.id === name || bare(one.fingerprint) === bare(name);
}

function bare(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, "");
}

function ambiguous(name: string, found: readonly NodeId[]): WriteRefusal {
  const all = found.map(fingerprint).join(", ");
  return { status: 409, detail: `several are called "${name}": name one of ${all}` };
}
