import { fingerprint } from "../base/fingerprint.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Clock } from "../base/time.ts";
import { isAdmissionKey, parseRefusedKey } from "../office/admissions.ts";
import { nodeName, silentNodes } from "../office/nodes.ts";
import { NODE_KEY, nodeRecord } from "../office/records.ts";
import {
  encodeReplaces,
  isAboutPlaces,
  type Place,
  placeOf,
  placeTaken,
  type ReplacementView,
  replacedKey,
  replacementViews,
  replacesKey,
  toldName,
} from "../office/replacements.ts";
import type { Entry } from "../replica/entry.ts";
import type { Replica } from "../replica/replica.ts";
import type { PendingNode } from "./membership-views.ts";
import type { Node } from "./node.ts";
import type { Notary } from "./notary.ts";
import { keptWithout } from "./passed-on.ts";
import type { Check, ReplacementSide, ToldReplacement, WriteRefusal } from "./read-side.ts";
import { notWritten } from "./targets.ts";
import { refusedByAdmins } from "./waiting-room.ts";

export interface ReplacementsParts {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly notary: Notary;
  readonly log: Log;
}

/**
 * Whose place this node takes, and, on an admin, who may take one.
 *
 * The one step that counts is a single write, of the token that gives the place away; everything
 * else is read off the state. So a crash at any moment leaves nothing half done.
 */
export class Replacements implements ReplacementSide {
  private place: Place | undefined;
  private said = new Map<NodeId, ReplacementView["state"]>();

  constructor(private readonly parts: ReplacementsParts) {}

  /** Takes up what was so before, and follows what becomes of it. */
  start(): void {
    this.look();
    this.parts.node.onEntries((entries) => {
      if (entries.some(({ key }) => isAboutPlaces(key) || isAdmissionKey(key))) this.look();
      this.yieldToRefusal(entries);
    });
  }

  /** What this node is called in the place that it has; undefined where it has none. */
  inherited(): Place | undefined {
    return this.place;
  }

  list(): readonly ToldReplacement[] {
    return this.views().map(told);
  }

  ask(name: string, care: "safe" | "force"): Result<ToldReplacement, WriteRefusal> {
    const { self, node, replica } = this.parts;
    const found = this.oldNode(name);
    if (!found.ok) return found;
    const id = found.value;
    const place = placeOf(replica, id) ?? this.asked(id);
    const objection = this.objection(id, care);
    if (objection !== undefined) return err({ status: 409, detail: objection });
    if (place === undefined) {
      const detail = `"${name}" never said what it is called: forget it instead`;
      return err({ status: 409, detail });
    }
    if (this.asked(id)?.state !== "done") {
      const written = node.write(replacesKey(id), encodeReplaces(place, care), "durable");
      if (!written.ok) return err(notWritten(written.error));
    }
    const asked = this.asked(id);
    if (asked === undefined) return err(notWritten("broken"));
    if (asked.state === "waiting" && this.parts.notary.own().power === "admin") {
      const granted = this.grant(asked);
      if (!granted.ok) return granted;
    }
    this.look();
    const now = this.views().find((one) => one.node === id && one.by === self);
    return now === undefined ? err(notWritten("broken")) : ok(told(now));
  }

  cancel(name: string): Result<void, WriteRefusal> {
    const { self, node } = this.parts;
    const own = this.views().filter((one) => one.by === self && isNamed(one, name));
    const open = own.find(({ state }) => state !== "done");
    if (open === undefined) {
      const detail =
        own.length > 0
          ? `this node has the place of "${name}" for good`
          : `this node did not ask for the place of "${name}"`;
      return err({ status: own.length > 0 ? 409 : 404, detail });
    }
    const written = node.write(replacesKey(open.node), undefined, "durable");
    return written.ok ? ok(undefined) : err(notWritten(written.error));
  }

  /** Those who wait for somebody to give them a place. */
  pending(): readonly PendingNode[] {
    const { replica, self, clock } = this.parts;
    const silent = new Set(silentNodes(replica, self, clock.monotonicMs()));
    const refused = refusedByAdmins(this.parts);
    return this.views()
      .filter(({ by, state }) => state === "waiting" && !silent.has(by) && !refused.has(by))
      .map(({ by, name }) => ({
        id: by,
        fingerprint: fingerprint(by),
        name: nodeName(replica, by),
        address: addressOf(replica, by),
        seenBy: [],
        replaces: name,
      }));
  }

  /** Gives whoever waits under this identity the place that it asks for. */
  grantTo(by: NodeId): Result<void, WriteRefusal> {
    const asked = this.views().find((one) => one.by === by && one.state === "waiting");
    if (asked === undefined) return err({ status: 404, detail: "it asks for no place now" });
    return this.grant(asked);
  }

  /** Says where this node did not get the place that it asked for. */
  checks(): readonly Check[] {
    const { replica, self } = this.parts;
    const lost = this.views().filter(({ by, state }) => by === self && state === "lost");
    return lost.map((one) => ({
      name: "place",
      state: "degraded",
      detail: `${lostText(replica, one)} (hide: watercooler replace ${one.name} --cancel)`,
    }));
  }

  private grant({ node: id, by, isForced }: ReplacementView): Result<void, WriteRefusal> {
    const { node, replica, notary } = this.parts;
    if (!isForced && this.isAlive(id)) return err({ status: 409, detail: this.aliveText(id) });
    const token = notary.replaceToken(id, by, keptWithout(replica, id));
    const written = node.write(replacedKey(id), token, "durable");
    return written.ok ? ok(undefined) : err(notWritten(written.error));
  }

  private objection(id: NodeId, care: "safe" | "force"): string | undefined {
    const { self, replica } = this.parts;
    if (id === self) return "a node can't take its own place: run this on the new one";
    const taken = placeTaken(replica, self);
    if (taken?.node === id) return undefined;
    if (taken !== undefined) return `this node has the place of ${taken.name} already`;
    const [successor] = replica.successorsOf(id);
    if (successor !== undefined) return `its place went to ${toldName(replica, successor)} already`;
    return care === "safe" && this.isAlive(id) ? this.aliveText(id) : undefined;
  }

  private aliveText(id: NodeId): string {
    const name = nodeName(this.parts.replica, id);
    return `${name} was heard of just now: stop it and wait half a minute, or add --force`;
  }

  private isAlive(id: NodeId): boolean {
    const { replica, self, clock } = this.parts;
    return !silentNodes(replica, self, clock.monotonicMs()).includes(id);
  }

  private asked(id: NodeId): ReplacementView | undefined {
    return this.views().find(({ node, by }) => node === id && by === this.parts.self);
  }

  private views(): readonly ReplacementView[] {
    return replacementViews(this.parts.replica);
  }

  /** The node of that name, fingerprint or identity; also one whose place this node has. */
  private oldNode(name: string): Result<NodeId, WriteRefusal> {
    const { replica, self } = this.parts;
    const own = this.views().find((one) => one.by === self && isNamed(one, name));
    if (own !== undefined) return ok(own.node);
    const all = [...replica.origins()].map(({ origin }) => origin);
    const exact = all.filter((id) => id === name || bare(fingerprint(id)) === bare(name));
    const named = all.filter((id) => nodeName(replica, id) === name && id !== self);
    const open = named.filter((id) => !replica.isReplaced(id));
    const [id, ...more] = exact.length > 0 ? exact : open.length > 0 ? open : named;
    if (id === undefined) {
      return err({ status: 404, detail: `no node "${name}": see "watercooler status"` });
    }
    if (more.length === 0) return ok(id);
    const list = [id, ...more].map(fingerprint).join(", ");
    return err({ status: 409, detail: `several are called "${name}": name one of ${list}` });
  }

  /** Notices what became of what this node asked for. */
  private look(): void {
    const { self, replica, log } = this.parts;
    this.place = placeTaken(replica, self);
    for (const view of this.views().filter(({ by }) => by === self)) {
      const before = this.said.get(view.node);
      this.said.set(view.node, view.state);
      if (before === view.state) continue;
      if (view.state === "lost") log.write("error", lostText(replica, view));
      if (view.state === "done") log.write("info", `this node has the place of ${view.name} now`);
      if (view.state === "waiting") {
        const place = `asks for the place of ${view.name}`;
        log.write("warn", `${place}; on an admin, run: watercooler admit ${fingerprint(self)}`);
      }
    }
  }

  /** An admin said no: this node asks no more. */
  private yieldToRefusal(entries: readonly Entry[]): void {
    const { self, node, log } = this.parts;
    const isNo = ({ key, value }: Entry) => value !== undefined && parseRefusedKey(key) === self;
    if (!entries.some(isNo)) return;
    for (const { node: id, by, state, name } of this.views()) {
      if (by !== self || state !== "waiting") continue;
      log.write("warn", `an admin did not give this node the place of ${name}`);
      node.write(replacesKey(id), undefined, "durable");
    }
  }
}

function lostText(replica: Replica, { name, successor }: ReplacementView): string {
  if (successor === undefined) return `${name} was put out: its place is nobody's`;
  const who = toldName(replica, successor);
  return `the place of ${name} went to ${who}: this node keeps its own name`;
}

function told({ isForced: _, ...view }: ReplacementView): ToldReplacement {
  return { ...view, fingerprint: fingerprint(view.by) };
}

function isNamed({ node, name }: ReplacementView, wanted: string): boolean {
  return wanted === node || wanted === name || bare(fingerprint(node)) === bare(wanted);
}

function addressOf(replica: Replica, id: NodeId): string {
  const value = replica.get(id, NODE_KEY)?.entry.value;
  const said = value && nodeRecord.decode(value);
  return said?.ok ? (said.value.addresses[0] ?? "?") : "?";
}

function bare(text: string): string {
  return text.toUpperCase().replace(/[^0-9A-Z]/g, "");
}
