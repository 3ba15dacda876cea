import type { Millis } from "../base/time.ts";
import type { AskedPerson, AskView } from "../office/ask/view.ts";
import type { DeviceView, PersonView } from "../office/views.ts";
import type { ReadSide } from "./read-side.ts";

/** The state that a question is answered from, for an HTTP caller as for a chat. */
export function askView(readSide: ReadSide, audience: AskView["audience"]): AskView {
  const rooms = readSide.rooms();
  const devices = readSide.network();
  return {
    rooms,
    nodes: readSide.nodes(),
    devices,
    ...(readSide.people === undefined ? {} : { people: asked(readSide.people.list(), devices) }),
    targets: rooms.flatMap(({ targets }) => targets),
    audience,
  };
}

/** A person as a question sees one: how fresh, and who saw them. */
function asked(
  people: readonly PersonView[],
  devices: readonly DeviceView[],
): readonly AskedPerson[] {
  return people.map(({ person, isIn, room, devices: own }) => ({
    person,
    isIn,
    ...(room === undefined ? {} : { room }),
    ageMs: youngest(own.flatMap(({ ageMs }) => ageMs ?? [])),
    seenBy: devices
      .filter(({ mac }) => own.some((one) => one.mac === mac))
      .flatMap(({ seenBy }) => seenBy),
  }));
}

function youngest(ages: readonly Millis[]): Millis | undefined {
  return ages.length === 0 ? undefined : Math.min(...ages);
}
