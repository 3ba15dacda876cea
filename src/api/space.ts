import { SECOND_MS } from "../base/time.ts";
import type { ReadSide } from "../node/read-side.ts";
import type { PersonView, ReadingView, RoomView } from "../office/views.ts";
import type { Kind } from "../reading/kind.ts";
import { json } from "./answer.ts";
import type { SpaceDocument, SpaceSensorDocument } from "./foreign-types.ts";
import { problem } from "./problems.ts";
import type { Route } from "./router.ts";

/** What the SpaceAPI wants to know of a place and no sensor tells. */
export interface SpaceSettings {
  readonly name: string;
  readonly url: string;
  readonly logo: string;
  /** Whether the document may name who is in. */
  readonly people: "counted" | "named";
  readonly contact: Readonly<Record<string, string>>;
  readonly location: Readonly<Record<string, string | number>> | undefined;
}

/** https://schema.spaceapi.io/15.json */
const VERSION = "15";

/** The SpaceAPI document, which bots and web pages anywhere read: only where it was configured. */
export function spaceRoute(readSide: ReadSide, space: SpaceSettings | undefined): Route {
  return {
    method: "GET",
    path: "/spaceapi.json",
    access: "open",
    summary: "The office as a SpaceAPI v15 document, for the bots that read it",
    answers: {
      200: { says: "The document.", schema: "Space" },
      404: { says: "`space` is not configured.", schema: "Problem" },
    },
    handle: ({ audience }) => {
      if (space === undefined) {
        return problem(404, "no SpaceAPI here: set space in watercooler.yaml");
      }
      const answer = json(spaceDocument(readSide, space, audience));
      // Pages of other sites are who reads this; without the header a browser gives them nothing.
      return { ...answer, headers: { ...answer.headers, "Access-Control-Allow-Origin": "*" } };
    },
  };
}

/** Who is in is named only where the settings allow it and the caller may read it. */
export function spaceDocument(
  readSide: Pick<ReadSide, "rooms" | "readings" | "people">,
  space: SpaceSettings,
  audience: "all" | "public",
): SpaceDocument {
  const { name, url, logo, contact, location } = space;
  const readings = readSide.readings().filter(({ stale }) => !stale);
  const people = readSide.people?.list() ?? [];
  const names = people.flatMap(({ person, isIn }) => (isIn ? [person] : []));
  const isNamed = space.people === "named" && audience === "all" && names.length > 0;
  const open = isOpen(readSide.rooms(), people);
  return {
    api_compatibility: [VERSION],
    space: name,
    logo,
    url,
    contact,
    ...(location === undefined ? {} : { location }),
    state: open === undefined ? {} : { open },
    sensors: {
      temperature: sensorsOf(readings, "temperature", "°C"),
      humidity: sensorsOf(readings, "humidity", "%"),
      barometer: sensorsOf(readings, "pressure", "hPa"),
      carbondioxide: sensorsOf(readings, "co2", "ppm"),
      // Of nobody who tied a device to a name is known whether they are in.
      people_now_present:
        people.length === 0 ? [] : [{ value: names.length, ...(isNamed && { names }) }],
    },
  };
}

/** Undefined where nobody tied a device to a name and no room tells: then nothing is known. */
function isOpen(rooms: readonly RoomView[], people: readonly PersonView[]): boolean | undefined {
  const states = rooms.flatMap(({ occupancy }) => occupancy?.state ?? []);
  if (states.length + people.length === 0) return undefined;
  return states.includes("taken") || people.some(({ isIn }) => isIn);
}

function sensorsOf(
  readings: readonly ReadingView[],
  kind: Kind,
  unit: string,
): readonly SpaceSensorDocument[] {
  return readings
    .filter((reading) => reading.kind === kind)
    .map(({ value, room, sensor, atWallMs, simulated }) => ({
      value: Number(value),
      unit,
      location: room,
      name: sensor,
      ...(simulated && { description: "simulated" }),
      lastchange: Math.round(atWallMs / SECOND_MS),
    }));
}
