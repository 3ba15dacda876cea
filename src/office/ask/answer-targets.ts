import { isBooleanKind, isPlausible, unitOf } from "../../reading/kind.ts";
import { roomsOf, unknownRoom } from "./answer-readings.ts";
import type { Intent } from "./intent.ts";
import { roomName, type Speech, sentence } from "./speech.ts";
import type { AskView, Line } from "./view.ts";

type Of<Type extends Intent["type"]> = Extract<Intent, { type: Type }>;

export function answerTarget(
  view: AskView,
  speech: Speech,
  { kind, where }: Of<"target">,
): readonly Line[] {
  if (where.scope === "unknown") return [unknownRoom(view, speech, where.said)];
  const { targets } = view;
  if (targets === undefined) return [{ text: speech.noData(speech.say("targetsNotKept")) }];
  return roomsOf(view, where).flatMap((room): Line[] => {
    const found = targets.filter(
      (one) => one.room === room && (kind === undefined || one.kind === kind),
    );
    if (found.length === 0) {
      if (where.scope === "office") return [];
      return [{ text: speech.noData(speech.say("targetNone", { room: roomName(room) })) }];
    }
    return found.map((target) => {
      const slots = {
        room: sentence(roomName(room)),
        kind: speech.kind(target.kind),
        value: speech.quantity(target.value, unitOf(target.kind)),
        person: target.by,
      };
      const text = speech.say("target", slots);
      const setOn = view.nodes.filter(({ name }) => name === target.by);
      return { text, sources: setOn.map(({ id }) => id) };
    });
  });
}

/**
 * How a target is set. A question is a GET, which any page can make a browser send: it changes
 * nothing itself.
 */
export function answerSetTarget(
  view: AskView,
  speech: Speech,
  { kind, where, value }: Of<"set-target">,
): Line {
  if (where.scope === "unknown") return unknownRoom(view, speech, where.said);
  if (view.targets === undefined) return { text: speech.noData(speech.say("targetsNotKept")) };
  const rooms = roomsOf(view, where);
  const [room] = rooms;
  if (room === undefined || rooms.length > 1) {
    const known = rooms.map(roomName).join(", ");
    return { text: speech.say("setWhich", { rooms: known }) };
  }
  if (isBooleanKind(kind) || !isPlausible(kind, value)) {
    const said = { kind: speech.kind(kind), value: speech.quantity(value, unitOf(kind)) };
    return { text: speech.say("setImplausible", said) };
  }
  return { text: speech.say("setHow", { slug: room, kind, value: String(value) }) };
}
