import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Log } from "../base/log.ts";
import { type Clock, SECOND_MS } from "../base/time.ts";
import type { ChatSettings, EdgeSettings } from "../config/edge-settings.ts";
import type { Counters } from "../node/counters.ts";
import type { EdgeNotes } from "../node/edge-notes.ts";
import type { Check, ReadSide } from "../node/read-side.ts";
import type { Advised } from "../office/announcements.ts";
import type { RoomView } from "../office/views.ts";
import { Announcer } from "./announcer.ts";
import { Answerer } from "./chat/answerer.ts";
import { replyTo } from "./chat/reply.ts";
import type { ChatService } from "./chat/service.ts";
import { effectOf } from "./effects.ts";
import type { Outlet } from "./outlet.ts";

/** How often the node looks whether what it says of its edge still holds. */
const LOOK_MS = SECOND_MS;

export interface EdgeParts {
  readonly settings: EdgeSettings;
  readonly readSide: ReadSide;
  readonly notes: EdgeNotes;
  readonly advised: (rooms: readonly RoomView[]) => readonly Advised[];
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly counters: Counters;
  readonly env: NodeJS.ProcessEnv;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

/** What leaves the mesh through this node, running. */
export interface Edge {
  checks(): readonly Check[];
  stop(): Promise<void>;
}

/** Starts what is configured, and loads no more than that. */
export async function startEdge(parts: EdgeParts): Promise<Edge> {
  const { settings, readSide, notes, clock, timers } = parts;
  const idOf = (...words: readonly string[]) => notes.idOf(...words);
  const chats = await chatsOf(settings.chat, { ...parts, idOf });
  const effects = settings.announce.map((one) => effectOf(one, { env: parts.env, chats, idOf }));
  const announcer = new Announcer({
    ...parts,
    effects,
    rooms: () => readSide.rooms(),
    neighbours: () => readSide.mesh().active.length,
    node: readSide.self().name,
  });
  const answerer = new Answerer({
    ...parts,
    now: () => clock.monotonicMs(),
    answer: (question) => replyTo(readSide, settings.chat.people, question),
    timers,
  });
  const outlets = await outletsOf(parts);
  const offer = () => {
    const { effects: known, failing } = announcer.offered();
    const bots = chats.flatMap((chat) => chat.id() ?? []);
    const away = chats.filter((chat) => !chat.connected()).flatMap((chat) => chat.id() ?? []);
    const told = outlets.map(({ id }) => id);
    const lost = outlets.filter((one) => one.isFailing()).map(({ id }) => id);
    notes.offer(
      [...new Set([...known, ...bots, ...told])],
      [...new Set([...failing, ...away, ...lost])],
    );
  };
  offer();
  notes.every(LOOK_MS, offer);
  announcer.start();
  answerer.start();
  for (const chat of chats) chat.start((question) => answerer.hear(chat, question));
  for (const outlet of outlets) outlet.start();
  return {
    checks: () => [...[...chats, ...outlets].map((one) => one.check()), ...announcer.checks()],
    stop: async () => {
      answerer.stop();
      await Promise.all([...chats, ...outlets].map((one) => one.stop()));
    },
  };
}

async function outletsOf(parts: EdgeParts): Promise<readonly Outlet[]> {
  const { settings, env } = parts;
  const outlets: Outlet[] = [];
  if (settings.mqtt !== undefined) {
    const { Bridge } = await import("./home-assistant/bridge.ts");
    const { brokerOpener } = await import("./home-assistant/broker.ts");
    const open = brokerOpener(settings.mqtt, env);
    outlets.push(new Bridge({ ...parts, settings: settings.mqtt, open }));
  }
  if (settings.influx !== undefined) {
    const { Pusher } = await import("./influx/pusher.ts");
    outlets.push(new Pusher({ ...parts, settings: settings.influx }));
  }
  return outlets;
}

type ChatParts = EdgeParts & { readonly idOf: (...words: readonly string[]) => string };

async function chatsOf(
  { slack, mattermost }: ChatSettings,
  parts: ChatParts,
): Promise<readonly ChatService[]> {
  const chats: ChatService[] = [];
  if (slack !== undefined) {
    const { Slack } = await import("./chat/slack.ts");
    chats.push(new Slack({ ...parts, settings: slack }));
  }
  if (mattermost !== undefined) {
    const { Mattermost } = await import("./chat/mattermost.ts");
    chats.push(new Mattermost({ ...parts, settings: mattermost }));
  }
  return chats;
}
