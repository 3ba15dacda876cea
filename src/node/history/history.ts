import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { toHex } from "../../base/bytes.ts";
import type { NodeId } from "../../base/id.ts";
import type { Random } from "../../base/random.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import { holdersOf } from "../../history/holders.ts";
import { TIERS } from "../../history/tiers.ts";
import { nodeViews } from "../../office/nodes.ts";
import { presentHolder } from "../../office/replacements.ts";
import type { Peer } from "../../overlay/messages.ts";
import type { Overlay } from "../../overlay/overlay.ts";
import type { Kind } from "../../reading/kind.ts";
import type { Entry } from "../../replica/entry.ts";
import type { Replica } from "../../replica/replica.ts";
import type { HistoryFile } from "../../store/history.ts";
import type { Counters } from "../counters.ts";
import type { Node } from "../node.ts";
import type { Check, HistoryAsk, HistorySide, HistoryView, SegmentView } from "../read-side.ts";
import { CatchUp } from "./catch-up.ts";
import { Charts, tiersFor } from "./charts.ts";
import { Correspondence } from "./correspondence.ts";
import { FLUSH_MS, Historian, LOOK_MS } from "./historian.ts";
import { type Keep, Keeping } from "./keeping.ts";
import { Library } from "./library.ts";
import { MissedEntries } from "./missed-entries.ts";
import { Publisher } from "./publisher.ts";
import { type Hash, Segments } from "./segments.ts";
import { Slices } from "./slices.ts";

/** The file grows no larger: two years of 300 series fit (measured). The oldest goes first. */
export const HISTORY_BYTES_MAX = 512 * 1024 * 1024;
/** A chart waits so long for what peers have of it. */
const FILL_MS_MAX = 3 * SECOND_MS;
/** Neighbours that are asked before those who may have to be dialled. */
const NEIGHBOURS_FIRST = 2;

export interface HistoryParts {
  readonly self: NodeId;
  readonly room: string;
  readonly node: Node;
  readonly replica: Replica;
  readonly overlay: Overlay;
  readonly counters: Counters;
  readonly file: HistoryFile;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly rawMs: Millis;
  readonly minutesMs: Millis;
  readonly hoursMs: Millis;
  readonly keep: Keep;
}

/** What a node remembers of all that passed by, and fetches of what it missed. */
export class History implements HistorySide {
  private readonly historian: Historian;
  private readonly charts: Charts;
  private readonly slices: Slices;
  private readonly publisher: Publisher;
  private readonly catchUp: CatchUp;
  private readonly missed: MissedEntries;
  /** Origins whose place another has, and that were seen to. */
  private readonly ended = new Set<NodeId>();

  constructor(private readonly parts: HistoryParts) {
    const { self, node, replica, file, hash, clock, timers } = parts;
    const segments = new Segments(file, hash);
    this.slices = new Slices(clock, timers);
    const origins = () => [...replica.origins()].map(({ origin }) => origin);
    const keeping = new Keeping(parts, () => origins().filter((id) => !replica.isReplaced(id)));
    this.historian = new Historian({
      self,
      file,
      segments,
      slices: this.slices,
      clock,
      bytesMax: HISTORY_BYTES_MAX,
      retention: (series) => keeping.retention(series),
      awaits: (span) => this.catchUp.awaits(span),
      sealed: (tier, startMs) => this.publisher.note(tier, startMs),
    });
    const { historian } = this;
    const pause = () => new Promise<void>((resolve) => timers.set(0, resolve));
    const library = new Library(historian.book, file, segments, hash);
    this.publisher = new Publisher(self, node, replica, library);
    this.missed = new MissedEntries(clock);
    this.catchUp = new CatchUp({
      ...{ self, historian, library, file, hash, clock },
      publisher: this.publisher,
      missed: this.missed,
      correspondence: new Correspondence({ ...parts, library }),
      keeps: (origin, tier) =>
        tier === "raw" || keeping.isHolder(origin, roomsOf(historian, origin)),
      origins,
      pause,
      peersFor: (origin) => this.peersFor(origin),
    });
    const heirOf = (origin: NodeId) => presentHolder(replica, origin);
    this.charts = new Charts(historian.book, segments, historian.clocks, heirOf, pause);
  }

  start(): void {
    const { node } = this.parts;
    this.catchUp.start();
    node.onEntries((entries) => this.hear(entries));
    node.every(FLUSH_MS, () => this.historian.flush());
    node.every(LOOK_MS, () => this.look());
  }

  /** Writes what was not yet written. */
  stop(): void {
    this.catchUp.stop();
    this.slices.stop();
    this.historian.flush();
    this.parts.file.close();
  }

  /** Writes all that was heard. */
  flush(): void {
    this.historian.flush();
  }

  async chart(ask: HistoryAsk): Promise<HistoryView> {
    this.historian.load();
    await this.fill(ask);
    return { ...ask, points: await this.charts.draw(ask) };
  }

  segments(room: string, kind: Kind): readonly SegmentView[] {
    this.historian.load();
    const { file } = this.parts;
    return this.charts.seriesOf({ room, kind }).flatMap(({ number: series, name }) =>
      TIERS.flatMap((tier) =>
        file.heads({ series, tier, fromMs: 0, toMs: Number.MAX_SAFE_INTEGER }),
      ).map(({ tier, startMs, hash, seal }) => ({
        ...{ node: name.origin, sensor: name.sensor, tier, startMs },
        sha256: toHex(hash),
        isSealed: seal === "sealed",
      })),
    );
  }

  check(): Check {
    const { failure, movedAside } = this.parts.file.state();
    const fine = movedAside === undefined ? "kept" : `a damaged file was moved to ${movedAside}`;
    if (failure === undefined) return { name: "history", state: "ok", detail: fine };
    const detail = `not kept (${failure}): see to the disk`;
    return { name: "history", state: "degraded", detail };
  }

  private hear(entries: readonly Entry[]): void {
    this.historian.hear(entries);
    this.catchUp.hear(entries);
    this.missed.hear(entries);
  }

  private look(): void {
    const { replica, overlay, counters } = this.parts;
    const retired = [...this.historian.book.origins()].filter((id) => replica.isRetired(id));
    for (const origin of retired) this.historian.forget(origin);
    // What it kept for others falls to other nodes, this one among them.
    if (retired.length > 0) this.catchUp.start();
    this.lookAtReplaced();
    this.historian.look();
    this.publisher.tell();
    if (overlay.membership.views.active.size === 0) return;
    this.catchUp.round().catch((error: unknown) => {
      counters.trouble("past readings were not fetched", String(error));
    });
  }

  /** Whose place another has says no more: its last hours are asked for once more, and are over. */
  private lookAtReplaced(): void {
    const { replica } = this.parts;
    for (const { origin } of replica.origins()) {
      if (this.ended.has(origin) || !replica.isReplaced(origin)) continue;
      this.ended.add(origin);
      this.historian.closedBy(origin, Number.MAX_SAFE_INTEGER);
      this.missed.suspect(origin);
    }
  }

  /** Fetches what a chart lacks, as long as anybody would wait for it. */
  private async fill({ room, kind, fromMs, toMs, stepMs }: HistoryAsk): Promise<void> {
    const { timers } = this.parts;
    const origins = new Set(this.charts.seriesOf({ room, kind }).map(({ name }) => name.origin));
    const work = async () => {
      for (const origin of origins) {
        for (const window of this.historian.clocks.windows(origin, fromMs, toMs)) {
          for (const tier of tiersFor(stepMs)) {
            await this.catchUp.fill(origin, tier, window.fromMs, window.toMs);
          }
        }
      }
    };
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = timers.set(FILL_MS_MAX, resolve);
    });
    await Promise.race([work(), late]);
    cancel();
  }

  /** Some neighbours, the origin, and who else keeps what it measured. */
  private peersFor(origin: NodeId): readonly Peer[] {
    const { self, replica, overlay, clock, random, hash } = this.parts;
    const neighbours = overlay.membership.views.activePeers();
    const turn = Math.floor(random.next() * Math.max(1, neighbours.length));
    const turned = [...neighbours.slice(turn), ...neighbours.slice(0, turn)];
    const nodes = nodeViews(replica, self, clock.monotonicMs());
    const present = nodes.filter(({ state }) => state !== "retired");
    const known = new Map<NodeId, Peer>(present.map((node) => [node.id, node]));
    const living = nodes.filter(({ state }) => state === "alive").map(({ id }) => id);
    const holders = holdersOf(origin, [...known.keys()], hash).filter((id) => living.includes(id));
    const far = [origin, ...holders].map((id) => known.get(id)).filter((one) => one !== undefined);
    const first = turned.slice(0, NEIGHBOURS_FIRST);
    const all = [...first, ...far, ...turned.slice(NEIGHBOURS_FIRST)];
    const byId = new Map(all.map((peer) => [peer.id, { id: peer.id, addresses: peer.addresses }]));
    byId.delete(self);
    return [...byId.values()];
  }
}

function roomsOf({ book }: Historian, origin: NodeId): readonly string[] {
  return book.ofOrigin(origin).map(({ name }) => name.room);
}
