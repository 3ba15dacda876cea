import type { Millis } from "../base/time.ts";
import type { ReadSide } from "../node/read-side.ts";
import { isKind, KIND_NAMES } from "../reading/kind.ts";
import { type Answer, json } from "./answer.ts";
import { askRoute } from "./ask.ts";
import { authorityRoute } from "./authority.ts";
import { backupRoutes } from "./backup.ts";
import { readJson } from "./body.ts";
import { calibrationRoute } from "./calibration.ts";
import { demoRoutes } from "./demo.ts";
import {
  deviceDocument,
  healthDocument,
  meshDocument,
  nodeDocument,
  readingDocument,
  roomDocument,
  selfDocument,
} from "./documents.ts";
import { factsRoute } from "./facts.ts";
import { foundSensorsRoute } from "./found-sensors.ts";
import { grantRoutes } from "./grants.ts";
import { historyRoutes } from "./history.ts";
import { membershipRoutes } from "./membership.ts";
import { namingRoute } from "./naming.ts";
import { peopleRoutes } from "./people.ts";
import { planRoutes } from "./plan.ts";
import { problem } from "./problems.ts";
import { prometheusRoute } from "./prometheus.ts";
import { parsePush } from "./push.ts";
import { replacementRoutes } from "./replacements.ts";
import type { Asked, Route } from "./router.ts";
import { type SpaceSettings, spaceRoute } from "./space.ts";
import { targetRoutes } from "./targets.ts";
import type { PushedDocument } from "./types.ts";

/** The routes that answer from, or hand to, the node's read side. */
export function dataRoutes(
  readSide: ReadSide,
  wallMs: () => Millis,
  space?: SpaceSettings,
): readonly Route[] {
  return [
    ...nodeRoutes(readSide),
    ...roomRoutes(readSide),
    networkRoute(readSide),
    authorityRoute(readSide),
    askRoute(readSide),
    factsRoute(readSide, wallMs),
    ...historyRoutes(readSide, wallMs),
    calibrationRoute(readSide),
    foundSensorsRoute(readSide),
    namingRoute(readSide),
    ...targetRoutes(readSide),
    ...peopleRoutes(readSide),
    ...membershipRoutes(readSide),
    ...replacementRoutes(readSide),
    ...planRoutes(readSide),
    ...demoRoutes(readSide),
    ...grantRoutes(readSide),
    ...backupRoutes(readSide),
    prometheusRoute(readSide),
    spaceRoute(readSide, space),
  ];
}

function nodeRoutes(readSide: ReadSide): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/health",
      access: "open",
      summary: "Whether this node is well",
      answers: {
        200: { says: "All is well.", schema: "Health" },
        503: { says: "Something is not; the checks say what.", schema: "Health" },
      },
      handle: () => {
        const health = healthDocument(readSide.checks());
        return json(health, health.status === "ok" ? 200 : 503);
      },
    },
    {
      method: "GET",
      path: "/v1/node",
      access: "open",
      summary: "This node and its sensors",
      answers: { 200: { says: "This node.", schema: "Self" } },
      handle: () => json(selfDocument(readSide.self())),
    },
    {
      method: "GET",
      path: "/v1/nodes",
      access: "open",
      summary: "Every node that the mesh knows",
      answers: { 200: { says: "The nodes.", schema: "[Node]" } },
      handle: () => json(readSide.nodes().map(nodeDocument)),
    },
    {
      method: "GET",
      path: "/v1/mesh",
      access: "open",
      summary: "This node's place in the overlay, and a hash of the whole state",
      answers: { 200: { says: "The mesh as seen from here.", schema: "Mesh" } },
      handle: () => json(meshDocument(readSide.mesh(), readSide.nodes())),
    },
  ];
}

function roomRoutes(readSide: ReadSide): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/v1/rooms",
      access: "open",
      summary: "Every room now",
      answers: { 200: { says: "The rooms.", schema: "[Room]" } },
      handle: () => json(readSide.rooms().map(roomDocument)),
    },
    {
      method: "GET",
      path: "/v1/rooms/{room}",
      access: "open",
      summary: "One room now",
      answers: {
        200: { says: "The room.", schema: "Room" },
        404: { says: "No such room; `detail` names those there are.", schema: "Problem" },
      },
      handle: ({ params }) => oneRoom(readSide, params.room ?? ""),
    },
    {
      method: "GET",
      path: "/v1/readings",
      access: "open",
      summary: "The newest reading of every sensor and kind",
      query: {
        room: "Only of this room.",
        kind: `Only of this kind: ${KIND_NAMES.join(", ")}.`,
        node: "Only of this node, by identity or name.",
      },
      answers: {
        200: { says: "The readings that fit.", schema: "[Reading]" },
        400: { says: "A filter that there is not, or no such kind.", schema: "Problem" },
      },
      handle: ({ query }) => someReadings(readSide, query),
    },
    {
      method: "POST",
      path: "/v1/readings",
      access: "write",
      summary: "Hands in readings for this node's push sensors: all are taken or none",
      body: "PushBody",
      answers: {
        202: { says: "Taken.", schema: "Pushed" },
        400: { says: "Not such a reading; `detail` says what is wrong.", schema: "Problem" },
        404: { says: "This node has no such push sensor.", schema: "Problem" },
        409: { says: "Another node runs under this one's identity.", schema: "Problem" },
        413: { says: "Over 64 KiB.", schema: "Problem" },
        415: { says: "Not JSON.", schema: "Problem" },
        422: { says: "A value that can't be.", schema: "Problem" },
        507: { says: "The node has no room for it.", schema: "Problem" },
      },
      handle: (asked) => pushed(readSide, asked),
    },
  ];
}

function networkRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/network",
    access: "people",
    summary: "The MAC-to-IP map that all nodes make together",
    answers: { 200: { says: "The devices.", schema: "[Device]" } },
    handle: () => json(readSide.network().map(deviceDocument)),
  };
}

function oneRoom(readSide: ReadSide, name: string): Answer {
  const rooms = readSide.rooms();
  const room = rooms.find((known) => known.room === name);
  if (room !== undefined) return json(roomDocument(room));
  const known = rooms.map(({ room: text }) => text).join(", ");
  return problem(404, `no such room; known are: ${known === "" ? "none yet" : known}`);
}

const FILTERS = ["room", "kind", "node"] as const;

function someReadings(readSide: ReadSide, query: URLSearchParams): Answer {
  for (const key of new Set(query.keys())) {
    if (!FILTERS.some((filter) => filter === key)) {
      return problem(400, `unknown filter; there are: ${FILTERS.join(", ")}`);
    }
    if (query.getAll(key).length > 1) return problem(400, `give ${key} once`);
  }
  // An empty filter, as in the contract's own `?room=&kind=&node=`, is none.
  const [room, kind, node] = FILTERS.map((filter) => query.get(filter) || undefined);
  if (kind !== undefined && !isKind(kind)) {
    return problem(400, `unknown kind; there are: ${KIND_NAMES.join(", ")}`);
  }
  const named = readSide.nodes().filter(({ id, name }) => node === id || node === name);
  const ids = new Set<string>([
    ...named.map(({ id }) => id),
    ...(node === undefined ? [] : [node]),
  ]);
  const fitting = readSide
    .readings()
    .filter((reading) => room === undefined || reading.room === room)
    .filter((reading) => kind === undefined || reading.kind === kind)
    .filter((reading) => node === undefined || ids.has(reading.node));
  return json(fitting.map(readingDocument));
}

async function pushed(readSide: ReadSide, { incoming }: Asked): Promise<Answer> {
  const body = await readJson(incoming);
  if (!body.ok) return body.error;
  const readings = parsePush(body.value);
  if (!readings.ok) return problem(400, readings.error);
  const taken = readSide.push(readings.value);
  if (!taken.ok) return problem(taken.error.status, taken.error.detail);
  const document: PushedDocument = { accepted: readings.value.length };
  return json(document, 202);
}
