import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import type { ReadSide } from "../node/read-side.ts";
import { isKind, KIND_NAMES } from "../reading/kind.ts";
import { NAME_PATTERN } from "../reading/reading.ts";
import {
  healthDocument,
  meshDocument,
  networkItem,
  nodeDocument,
  nodeListItem,
  readingDocument,
  roomDocument,
} from "./documents.ts";
import { isFromHere } from "./door.ts";
import { metricsText } from "./metrics-text.ts";
import { Refusal } from "./problems.ts";

export interface Answer {
  readonly status: number;
  /** A document, or text where `contentType` says so. */
  readonly body?: unknown;
  readonly contentType?: string;
}

export interface Call {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  /** The part of the path that the route left open. */
  readonly rest: string;
  /** The body as JSON; throws a Refusal. */
  json(): Promise<unknown>;
}

export interface Route {
  readonly method: "GET" | "POST";
  /** Ends in `/{room}` where a part is left open. */
  readonly path: string;
  readonly summary: string;
  readonly answers: string;
  readonly query?: readonly string[];
  handle(call: Call, read: ReadSide): Answer | Promise<Answer>;
}

const pushed = v.strictObject({
  sensor: v.pipe(v.string(), v.regex(NAME_PATTERN)),
  kind: v.picklist(KIND_NAMES),
  value: v.union([v.pipe(v.number(), v.finite()), v.boolean()]),
  room: v.optional(v.pipe(v.string(), v.regex(NAME_PATTERN))),
});
/** Readings taken in one request. */
const PUSHED_MAX = 500;
const pushBody = v.union([pushed, v.pipe(v.array(pushed), v.maxLength(PUSHED_MAX))]);

const get = (
  path: string,
  summary: string,
  document: (read: ReadSide, call: Call) => unknown,
  query?: readonly string[],
): Route => ({
  method: "GET",
  path,
  summary,
  answers: "200",
  ...(query === undefined ? {} : { query }),
  handle: (call, read) => ({ status: 200, body: document(read, call) }),
});

/** Every route of the API, in the order of its documentation. */
export const ROUTES: readonly Route[] = [
  {
    method: "GET",
    path: "/v1/health",
    summary: "Whether this node is well, check by check.",
    answers: "200, 503 when degraded",
    handle: (_, read) => {
      const body = healthDocument(read.checks());
      return { status: body.status === "ok" ? 200 : 503, body };
    },
  },
  get("/v1/node", "This node and its sensors.", (read) => nodeDocument(read.self())),
  get("/v1/nodes", "Every node that the mesh knows.", (read) => read.nodes().map(nodeListItem)),
  get("/v1/mesh", "The overlay as this node sees it, and the digest of the state.", (read) =>
    meshDocument(read.mesh()),
  ),
  get("/v1/rooms", "Every room: readings, targets, occupancy.", (read) =>
    read.rooms().map(roomDocument),
  ),
  get("/v1/rooms/{room}", "One room.", (read, { rest }) => {
    const rooms = read.rooms();
    const room = rooms.find(({ room: name }) => name === rest);
    if (room !== undefined) return roomDocument(room);
    const known = rooms.map(({ room: name }) => name).join(", ") || "none yet";
    throw new Refusal(404, `no room "${rest}"; known are: ${known}`);
  }),
  get(
    "/v1/readings",
    "The newest value of every sensor; filters by room, kind, node.",
    (read, { query }) => filteredReadings(read, query),
    ["room", "kind", "node"],
  ),
  {
    method: "POST",
    path: "/v1/readings",
    summary: "Readings for push sensors of this node, one or an array.",
    answers: "202",
    handle: async (call, read) => {
      if (!isFromHere(call.request)) {
        const how = { "www-authenticate": 'Bearer realm="watercooler"' };
        throw new Refusal(401, "writes are taken from this node's own machine only", how);
      }
      const parsed = v.safeParse(pushBody, await call.json());
      if (!parsed.success) {
        throw new Refusal(
          400,
          `a reading is {sensor, kind, value, room?}: ${parsed.issues[0].message}`,
        );
      }
      const list = Array.isArray(parsed.output) ? parsed.output : [parsed.output];
      const taken = read.push(
        list.map(({ room, ...rest }) => (room === undefined ? rest : { ...rest, room })),
      );
      if (!taken.ok) throw new Refusal(taken.error.status, taken.error.detail);
      return { status: 202 };
    },
  },
  get("/v1/network", "The MAC-to-IP map of all observers.", (read) =>
    read.network().map(networkItem),
  ),
  {
    method: "GET",
    path: "/metrics",
    summary: "Prometheus text.",
    answers: "200",
    handle: (_, read) => ({
      status: 200,
      body: metricsText(read),
      contentType: "text/plain; version=0.0.4; charset=utf-8",
    }),
  },
];

function filteredReadings(read: ReadSide, query: URLSearchParams): unknown {
  const kind = query.get("kind");
  if (kind !== null && !isKind(kind)) {
    throw new Refusal(400, `unknown kind "${kind}"; use one of ${KIND_NAMES.join(", ")}`);
  }
  const room = query.get("room");
  const node = query.get("node");
  const names = new Map(read.nodes().map(({ id, name }) => [id, name]));
  return read
    .readings()
    .filter((one) => kind === null || one.kind === kind)
    .filter((one) => room === null || one.room === room)
    .filter((one) => node === null || one.node === node || names.get(one.node) === node)
    .map(readingDocument);
}
