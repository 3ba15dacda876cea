import { answerOccupancy } from "./answer-occupancy.ts";
import type { Intent } from "./intent.ts";
import { roomName, type Speech } from "./speech.ts";
import type { AskedPerson, AskView, Line } from "./view.ts";
import { wordsOf } from "./words.ts";

type Of<Type extends Intent["type"]> = Extract<Intent, { type: Type }>;

/** Set in the first octet of addresses that belong to a group of devices (IEEE 802). */
const GROUP_BIT = 1;

export function answerWho(view: AskView, speech: Speech, { where }: Of<"who">): readonly Line[] {
  if (where.scope === "rooms") {
    const known = where.rooms.flatMap((room) => namedIn(view, speech, room));
    const told = answerOccupancy(view, speech, { wanted: "taken", where });
    // That no sensor tells is no answer where somebody is known to be there.
    return [...known, ...told.filter(({ sources }) => known.length === 0 || sources)];
  }
  const refused = refusal(view, speech);
  if (refused !== undefined) return [refused];
  const inside = (view.people ?? []).filter(({ isIn }) => isIn);
  if (inside.length === 0) return [{ text: speech.say("peopleNone") }];
  const text = speech.say("peopleIn", { people: named(inside, speech) });
  return [{ text, ...basisOf(inside) }];
}

/** Who is known to be in a room, for those who may read people. */
function namedIn(view: AskView, speech: Speech, room: string): readonly Line[] {
  const people = view.audience === "public" ? [] : (view.people ?? []);
  const inside = people.filter((one) => one.isIn && one.room === room);
  if (inside.length === 0) return [];
  const slots = { room: roomName(room), people: named(inside, speech) };
  return [{ text: speech.say("peopleInRoom", slots), ...basisOf(inside) }];
}

function named(people: readonly AskedPerson[], speech: Speech): string {
  return speech.list(people.map((one) => `${one.person} (${speech.ago(one.ageMs ?? 0)})`));
}

function basisOf(people: readonly AskedPerson[]): Pick<Required<Line>, "ageMs" | "sources"> {
  const ageMs = Math.max(...people.map((person) => person.ageMs ?? 0));
  return { ageMs, sources: people.flatMap(({ seenBy }) => seenBy) };
}

export function answerWhere(
  view: AskView,
  speech: Speech,
  { person }: Of<"where">,
): readonly Line[] {
  const refused = refusal(view, speech);
  if (refused !== undefined) return [refused];
  const found = (view.people ?? []).filter((one) =>
    wordsOf(one.person).join(" ").startsWith(person),
  );
  if (found.length === 0) {
    return [{ text: speech.noData(speech.say("personUnknown", { person })) }];
  }
  return found.map((one) => {
    const { person: name, ageMs, room } = one;
    if (ageMs === undefined) return { text: speech.say("personNeverSeen", { person: name }) };
    const slots = { person: name, ago: speech.ago(ageMs), room: roomName(room ?? "") };
    const inside = room === undefined ? "personIn" : "personInRoom";
    const text = speech.say(one.isIn ? inside : "personAway", slots);
    return { text, ageMs, sources: one.seenBy };
  });
}

export function answerIam(view: AskView, speech: Speech, { mac }: Of<"iam">): readonly Line[] {
  if (view.people === undefined) return [{ text: speech.noData(speech.say("peopleNotKept")) }];
  return [{ text: speech.say(isGroup(mac) ? "iamNoDevice" : "iamHow", { mac }) }];
}

export function answerDevice(
  view: AskView,
  speech: Speech,
  { mac }: Of<"device">,
): readonly Line[] {
  if (view.audience === "public") return [withheld(speech)];
  const device = view.devices.find((one) => one.mac === mac);
  if (device === undefined) {
    return [{ text: speech.noData(speech.say("deviceUnknown", { mac })) }];
  }
  const { ips, ageMs, seenBy } = device;
  const text = speech.say("deviceAt", { mac, ip: ips.join(", "), ago: speech.ago(ageMs) });
  return [{ text, ageMs, sources: seenBy }];
}

function refusal(view: AskView, speech: Speech): Line | undefined {
  if (view.audience === "public") return withheld(speech);
  if (view.people === undefined) return { text: speech.noData(speech.say("peopleNotKept")) };
  if (view.people.length > 0) return undefined;
  return { text: speech.noData(speech.say("peopleUnregistered")) };
}

function withheld(speech: Speech): Line {
  return { text: speech.noData(speech.say("peopleWithheld")) };
}

function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & GROUP_BIT) !== 0;
}
