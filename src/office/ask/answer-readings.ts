import { type Kind, unitOf } from "../../reading/kind.ts";
import type { NodeView, ReadingView } from "../views.ts";
import type { Intent, Side, Where } from "./intent.ts";
import { roomName, type Speech, sentence } from "./speech.ts";
import type { AskView, Line } from "./view.ts";

type Reading = Extract<Intent, { type: "reading" }>;
type Extreme = Extract<Intent, { type: "extreme" }>;

/**
 * From where on a room is called noisy, stuffy and so on. CO2 as on the page; light after
 * EN 12464-1, which wants 500 lx at a desk; the rest are guesses at what people mean.
 */
const BOUNDS: Readonly<Partial<Record<Kind, Readonly<Record<Side, number>>>>> = {
  temperature: { above: 25, below: 19 },
  humidity: { above: 60, below: 30 },
  co2: { above: 800, below: 800 },
  sound: { above: 55, below: 40 },
  light: { above: 500, below: 100 },
};

/** A kind's value in the rooms that were meant. */
export function answerReading(view: AskView, speech: Speech, asked: Reading): readonly Line[] {
  const { kind, where } = asked;
  if (where.scope === "unknown") return [unknownRoom(view, speech, where.said)];
  const rooms = roomsOf(view, where).filter(
    (room) => where.scope === "rooms" || readingOf(view, room, kind) !== undefined,
  );
  if (rooms.length === 0) return [notMeasured(view, speech, kind)];
  return rooms.map((room) => {
    const line = kindInRoom(view, speech, room, kind);
    const reading = readingOf(view, room, kind);
    if (asked.is === undefined || reading === undefined || reading.stale) return line;
    const said = speech.say(isBeyond(reading, asked.is) ? "yes" : "no");
    return { ...line, text: `${said} ${line.text}` };
  });
}

/** The room with a kind's highest or lowest value, among those that speak. */
export function answerExtreme(view: AskView, speech: Speech, asked: Extreme): readonly Line[] {
  const { kind, side } = asked;
  const all = roomsOf(view, { scope: "office" })
    .map((room) => readingOf(view, room, kind))
    .filter((reading) => reading !== undefined);
  const fresh = all
    .filter(({ stale }) => !stale)
    .sort(
      (left, right) => (Number(left.value) - Number(right.value)) * (side === "above" ? -1 : 1),
    );
  const [best] = fresh;
  if (best === undefined) {
    if (all.length === 0) return [notMeasured(view, speech, kind)];
    return all.map(({ room }) => kindInRoom(view, speech, room, kind));
  }
  const said = side === "above" ? "extremeAbove" : "extremeBelow";
  const head = speech.say(said, { kind: speech.kind(kind), room: roomName(best.room) });
  const quantity = speech.quantity(best.value, best.unit);
  const tail = `${quantity}, ${speech.ago(best.ageMs)} (${best.sensor}).`;
  return [{ text: `${head} ${tail}`, ageMs: best.ageMs, sources: [best.node] }];
}

/** All that is known of rooms. */
export function answerRoom(view: AskView, speech: Speech, where: Where): readonly Line[] {
  return roomsOf(view, where).flatMap((room) => {
    const kinds = view.rooms.find((one) => one.room === room)?.readings ?? [];
    if (kinds.length > 0) return kinds.map(({ kind }) => kindInRoom(view, speech, room, kind));
    const reach = outOfReach(view, speech, room);
    const name = sentence(roomName(room));
    const text = speech.say("nothingKnown", { room: name });
    return [reach ?? { text: speech.noData(text) }];
  });
}

export function answerRooms(view: AskView, speech: Speech): readonly Line[] {
  if (view.rooms.length === 0) return [{ text: speech.noData(speech.say("noRoom")) }];
  const rooms = speech.list(view.rooms.map(({ room }) => roomName(room)));
  return [{ text: speech.say("roomList", { rooms }) }];
}

export function answerNodes(view: AskView, speech: Speech): readonly Line[] {
  const silent = view.nodes.filter(({ state }) => state === "silent");
  const alive = view.nodes.filter(({ state }) => state === "alive");
  const all = silent.length + alive.length;
  const slots = { alive: String(alive.length), all: String(all) };
  return [
    { text: speech.say("nodesAlive", slots), sources: alive.map(({ id }) => id) },
    ...silent.map(({ name, ageMs, id }) => ({
      text: speech.say("nodeSilent", { node: name, span: speech.span(ageMs) }),
      ageMs,
      sources: [id],
    })),
  ];
}

export function unknownRoom(view: AskView, speech: Speech, said: string): Line {
  if (view.rooms.length === 0) return { text: speech.noData(speech.say("noRoom")) };
  const rooms = view.rooms.map(({ room }) => roomName(room)).join(", ");
  return { text: speech.noData(speech.say("unknownRoom", { said, rooms })) };
}

export function roomsOf(view: AskView, where: Where): readonly string[] {
  if (where.scope === "rooms") return where.rooms;
  return where.scope === "office" ? view.rooms.map(({ room }) => room) : [];
}

/** What is measured of a kind in a room, or why that is not known now. */
export function kindInRoom(view: AskView, speech: Speech, room: string, kind: Kind): Line {
  const reading = readingOf(view, room, kind);
  if (reading === undefined) {
    const slots = { room: roomName(room), kind: speech.kind(kind) };
    const why = speech.say("notMeasured", slots);
    return outOfReach(view, speech, room) ?? { text: speech.noData(why) };
  }
  if (reading.stale) return staleLine(view, speech, reading);
  const { value, sensor, ageMs, node } = reading;
  const slots = {
    room: sentence(roomName(room)),
    kind: speech.kind(kind),
    value: speech.quantity(value, unitOf(kind)),
    ago: speech.ago(ageMs),
    sensor,
  };
  return { text: speech.say("reading", slots), ageMs, sources: [node] };
}

export function readingOf(view: AskView, room: string, kind: Kind): ReadingView | undefined {
  const readings = view.rooms.find((one) => one.room === room)?.readings ?? [];
  return readings.find((reading) => reading.kind === kind);
}

function staleLine(view: AskView, speech: Speech, reading: ReadingView): Line {
  const { room, kind, value, sensor, ageMs, node } = reading;
  const teller = view.nodes.find(({ id }) => id === node);
  const why =
    teller?.state === "silent"
      ? outOfReachText(speech, room, teller)
      : speech.say("silentSensor", { sensor, room: roomName(room), span: speech.span(ageMs) });
  const said = { kind: speech.kind(kind), value: speech.quantity(value, unitOf(kind)) };
  const last = speech.say("lastValue", said);
  return { text: `${speech.noData(why)} ${last}`, ageMs, sources: [node] };
}

/** Where every node of a room is silent. */
function outOfReach(view: AskView, speech: Speech, room: string): Line | undefined {
  const nodes = view.nodes.filter((node) => node.room === room && node.state !== "retired");
  const [freshest] = [...nodes].sort((left, right) => left.ageMs - right.ageMs);
  if (freshest === undefined || nodes.some(({ state }) => state === "alive")) return undefined;
  const { ageMs, id } = freshest;
  return { text: speech.noData(outOfReachText(speech, room, freshest)), ageMs, sources: [id] };
}

function outOfReachText(speech: Speech, room: string, { name, ageMs }: NodeView): string {
  const slots = { room: roomName(room), node: name, span: speech.span(ageMs) };
  return speech.say("outOfReach", slots);
}

function notMeasured(view: AskView, speech: Speech, kind: Kind): Line {
  const sentence = view.rooms.length === 0 ? "noRoom" : "notMeasuredInOffice";
  return { text: speech.noData(speech.say(sentence, { kind: speech.kind(kind) })) };
}

function isBeyond({ kind, value }: ReadingView, side: Side): boolean {
  const bound = BOUNDS[kind]?.[side];
  if (bound === undefined) return false;
  return side === "above" ? Number(value) > bound : Number(value) < bound;
}
