import type { OccupancyView, ReadingView } from "../views.ts";
import { kindInRoom, readingOf, roomsOf, unknownRoom } from "./answer-readings.ts";
import type { Intent } from "./intent.ts";
import { roomName, type Speech, sentence } from "./speech.ts";
import type { AskView, Line } from "./view.ts";

type Occupancy = Extract<Intent, { type: "occupancy" }>;

/** Whether somebody is in rooms; of the whole office, which rooms are free or taken. */
export function answerOccupancy(
  view: AskView,
  speech: Speech,
  { where, wanted }: Omit<Occupancy, "type">,
): readonly Line[] {
  if (where.scope === "unknown") return [unknownRoom(view, speech, where.said)];
  const rooms = roomsOf(view, where);
  const isWanted = (room: string) =>
    where.scope === "rooms" || stateOf(view, room) === (wanted === "free" ? "empty" : "taken");
  const lines = rooms.filter(isWanted).map((room) => occupancyOf(view, speech, room));
  if (lines.length > 0) return lines;
  if (rooms.some((room) => stateOf(view, room) !== undefined)) {
    return [{ text: speech.say(wanted === "free" ? "noneFree" : "noneTaken") }];
  }
  const slots = { kind: speech.kind("motion") };
  return [{ text: speech.noData(speech.say("notMeasuredInOffice", slots)) }];
}

function occupancyOf(view: AskView, speech: Speech, room: string): Line {
  const occupancy = roomOf(view, room)?.occupancy;
  const told = occupancy && tellerOf(view, room, occupancy);
  if (occupancy?.state === undefined || told === undefined) return unknownOf(view, speech, room);
  const { ageMs, sensor } = told;
  const ago = speech.ago(ageMs);
  const slots = { room: sentence(roomName(room)), ago, sensor };
  const { count, movedMs, passedMs } = occupancy;
  const span = speech.span(Math.min(movedMs ?? Infinity, passedMs ?? Infinity));
  const more = { count: String(count ?? ""), moved: speech.ago(movedMs ?? 0), span };
  const text = speech.say(sentenceOf(occupancy, told), { ...slots, ...more });
  return { text, ageMs, sources: occupancy.sources };
}

function sentenceOf({ state, count }: OccupancyView, { kind, value }: ReadingView) {
  if (state === "empty" && kind === "count") return count === 0 ? "roomLeft" : "roomDeserted";
  if (state === "empty") return "roomFree";
  if (count !== undefined && count > 0) return "roomCounted";
  return value === true ? "roomTaken" : "roomLately";
}

/** The reading that a sentence names as where it is from. */
function tellerOf(
  view: AskView,
  room: string,
  { state, count, movedMs, passedMs }: OccupancyView,
): ReadingView | undefined {
  const [motion, counted] = (["motion", "count"] as const).map((kind) => {
    const reading = readingOf(view, room, kind);
    return reading?.stale === false ? reading : undefined;
  });
  const isCounted =
    state === "taken" ? (count ?? 0) > 0 : count === 0 && (passedMs ?? 0) <= (movedMs ?? Infinity);
  return (isCounted ? counted : motion) ?? motion ?? counted;
}

function unknownOf(view: AskView, speech: Speech, room: string): Line {
  const kind = readingOf(view, room, "motion") === undefined ? "count" : "motion";
  const line = kindInRoom(view, speech, room, kind);
  const reading = readingOf(view, room, kind);
  if (line.sources !== undefined && reading?.stale !== false) return line;
  return { text: speech.noData(speech.say("noMotionSensor", { room: roomName(room) })) };
}

function stateOf(view: AskView, room: string): OccupancyView["state"] {
  return roomOf(view, room)?.occupancy?.state;
}

function roomOf({ rooms }: AskView, room: string) {
  return rooms.find((one) => one.room === room);
}
