import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import type { Counters } from "../node/counters.ts";
import type { EdgeNotes } from "../node/edge-notes.ts";
import type { Check } from "../node/read-side.ts";
import { type Advised, type Announcement, announcements, isOf } from "../office/announcements.ts";
import type { RoomView } from "../office/views.ts";
import { type Delivery, pauseMs, REFUSED_MS } from "./delivery.ts";
import type { Effect, Message } from "./effect.ts";
import { Readiness } from "./readiness.ts";

/** How often it is looked whether something is to be said. */
const LOOK_MS = SECOND_MS;
/** An effect that fails for so long here is left to another node. A guess. */
const FAILING_MS = MINUTE_MS;
/** More is no announcement, it is noise: the rest waits. A guess. */
const A_MINUTE_MAX = 12;

export interface AnnouncerParts {
  readonly effects: readonly Effect[];
  readonly notes: EdgeNotes;
  readonly rooms: () => readonly RoomView[];
  readonly advised: (rooms: readonly RoomView[]) => readonly Advised[];
  /** Links to other nodes that are up. */
  readonly neighbours: () => number;
  readonly node: string;
  readonly clock: Clock;
  readonly counters: Counters;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

interface Pending {
  readonly episode: number;
  /** When this node first meant to say it, by its own clock: for people. */
  readonly atWallMs: Millis;
  state: "waiting" | "sending" | "said";
  failures: number;
  nextMs: Millis;
}

interface Standing {
  /** The last outcome, and since when it fails. */
  last: Delivery | undefined;
  failingMs: Millis | undefined;
  lastMs: Millis;
  /** When the last few were sent. */
  sentMs: Millis[];
}

/** Makes this node's share of announcements, each to each place once for the whole mesh. */
export class Announcer {
  private readonly pending = new Map<string, Pending>();
  private readonly standings = new Map<Effect, Standing>();
  private readonly readiness: Readiness;

  constructor(private readonly parts: AnnouncerParts) {
    this.readiness = new Readiness(parts);
    const startedMs = parts.clock.monotonicMs();
    for (const effect of parts.effects) {
      this.standings.set(effect, {
        last: undefined,
        failingMs: undefined,
        lastMs: startedMs,
        sentMs: [],
      });
    }
  }

  start(): void {
    this.parts.notes.every(LOOK_MS, () => this.look());
  }

  /** Effects that this node has and can reach, and those that fail here. */
  offered(): { readonly effects: readonly string[]; readonly failing: readonly string[] } {
    const known = this.parts.effects.flatMap((effect) => effect.id() ?? []);
    const failing = this.parts.effects.filter((effect) => this.isLeftToOthers(effect));
    return { effects: known, failing: failing.flatMap((effect) => effect.id() ?? []) };
  }

  checks(): readonly Check[] {
    const told = this.parts.notes.told().filter(({ state }) => state === "standing");
    return this.parts.effects.map((effect): Check => {
      const { last, lastMs } = this.standingOf(effect);
      const name = `announce ${effect.name}`;
      const id = effect.id();
      const ids = told.flatMap((one) => (id !== undefined && isOf(id, one.id) ? one.id : []));
      const stands = ids.length === 0 ? "nothing stands" : `${new Set(ids).size} stand`;
      if (last === undefined || last.outcome === "delivered") {
        return {
          name,
          state: "ok",
          detail: `${last === undefined ? "not used" : "works"}, ${stands}`,
        };
      }
      const isOld = this.now() - lastMs >= REFUSED_MS;
      const detail = `${isOld ? "failed last" : "fails"}: ${last.reason}`;
      return { name, state: isOld ? "ok" : "degraded", detail };
    });
  }

  /** Looks once; the rest goes on by itself. */
  look(): void {
    if (!this.readiness.isReady()) return;
    const { effects, notes } = this.parts;
    const rooms = this.parts.rooms();
    const advised = this.parts.advised(rooms);
    const [living, told] = [notes.living(), notes.told()];
    const ids = effects.flatMap((effect) => effect.id() ?? []);
    const open = new Set<string>();
    for (const effect of effects) {
      const id = effect.id();
      if (id === undefined) continue;
      const ours = advised.filter(({ room, kind }) => isWanted(effect, room, kind));
      const sink = { effect: id, able: notes.able(id) };
      const { self } = notes;
      const announcing = { self, living, sink, advised: ours, told };
      const { say, end, drop } = announcements(announcing, (bytes) => notes.hash(bytes));
      for (const one of end) notes.tell({ ...one, state: "over" });
      for (const one of drop) notes.untell(one);
      for (const one of say) {
        open.add(one.id);
        this.consider(effect, one, rooms);
      }
    }
    for (const id of this.pending.keys()) if (!open.has(id)) this.pending.delete(id);
    // What an earlier configuration announced to.
    const orphans = told.filter(
      ({ by, id }) => by === notes.self && !ids.some((of) => isOf(of, id)),
    );
    if (ids.length === effects.length) for (const { id } of orphans) notes.untell(id);
  }

  private consider(effect: Effect, one: Announcement, rooms: readonly RoomView[]): void {
    const nowMs = this.now();
    let pending = this.pending.get(one.id);
    if (pending === undefined || pending.episode !== one.episode) {
      const atWallMs = Math.round(this.parts.clock.wallMs());
      const { episode } = one;
      pending = { episode, atWallMs, state: "waiting", failures: 0, nextMs: nowMs };
      this.pending.set(one.id, pending);
    }
    const { sentMs } = this.standingOf(effect);
    while ((sentMs[0] ?? nowMs) < nowMs - MINUTE_MS) sentMs.shift();
    if (pending.state !== "waiting" || pending.nextMs > nowMs) return;
    if (sentMs.length >= A_MINUTE_MAX) return;
    sentMs.push(nowMs);
    pending.state = "sending";
    void this.send(effect, one, pending, rooms);
  }

  private async send(
    effect: Effect,
    one: Announcement,
    pending: Pending,
    rooms: readonly RoomView[],
  ): Promise<void> {
    const { notes, counters, chance } = this.parts;
    const delivery = await effect.send(this.messageOf(one, pending, rooms));
    const standing = this.standingOf(effect);
    standing.last = delivery;
    standing.lastMs = this.now();
    counters.add("watercooler_announcements_total", delivery.outcome);
    if (delivery.outcome === "delivered") {
      standing.failingMs = undefined;
      // What could not be written down is at least not said again by this process.
      pending.state = "said";
      notes.tell({ id: one.id, episode: one.episode, state: "standing" });
      return;
    }
    standing.failingMs ??= this.now();
    pending.state = "waiting";
    pending.failures += 1;
    const refused = delivery.outcome === "refused";
    const asked = delivery.outcome === "later" ? delivery.afterMs : undefined;
    const span = refused ? REFUSED_MS : Math.max(asked ?? 0, pauseMs(pending.failures, chance()));
    pending.nextMs = this.now() + span;
    counters.trouble(`announcing to ${effect.name} failed`, delivery.reason);
  }

  private messageOf(
    { room, kind, text, id }: Announcement,
    { atWallMs }: Pending,
    rooms: readonly RoomView[],
  ): Message {
    const readings = rooms.find((view) => view.room === room)?.readings ?? [];
    const reading = readings.find((view) => view.kind === kind);
    return {
      id: `${id}-${atWallMs}`,
      room,
      kind,
      text,
      ...(reading === undefined ? {} : { value: reading.value, unit: reading.unit }),
      node: this.parts.node,
      atWallMs,
    };
  }

  /** Offered again after a while, so that what was mended is used. */
  private isLeftToOthers(effect: Effect): boolean {
    const { last, failingMs, lastMs } = this.standingOf(effect);
    if (last === undefined || last.outcome === "delivered" || failingMs === undefined) return false;
    if (this.now() - lastMs >= REFUSED_MS) return false;
    return last.outcome === "refused" || this.now() - failingMs >= FAILING_MS;
  }

  private standingOf(effect: Effect): Standing {
    const standing = this.standings.get(effect);
    if (standing === undefined) throw new Error(`${effect.name} is no effect of this node`);
    return standing;
  }

  private now(): Millis {
    return this.parts.clock.monotonicMs();
  }
}

function isWanted({ rooms, kinds }: Effect, room: string, kind: Advised["kind"]): boolean {
  return (
    (rooms.length === 0 || rooms.includes(room)) && (kinds.length === 0 || kinds.includes(kind))
  );
}
