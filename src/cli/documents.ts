import * as v from "valibot";

// What the commands show of the API's documents. Fields that a newer node adds pass by, and fields
// that an older one lacks have a stand-in, so that a mesh of two versions can be looked at.

const ids = v.optional(v.array(v.string()), []);
const instant = v.string();
const seconds = v.number();
const value = v.union([v.number(), v.boolean()]);

export const selfDocument = v.object({
  id: v.string(),
  name: v.string(),
  room: v.string(),
  version: v.string(),
  authority: v.nullish(v.string(), null),
  sensors: v.array(
    v.object({
      name: v.string(),
      platform: v.string(),
      kinds: ids,
      state: v.string(),
      error: v.nullish(v.string(), null),
    }),
  ),
});

const nodeDocument = v.object({
  id: v.string(),
  name: v.string(),
  room: v.string(),
  version: v.string(),
  addresses: ids,
  state: v.string(),
  age_s: seconds,
  links: v.optional(v.array(v.string())),
});
export const nodeDocuments = v.array(nodeDocument);

export const meshDocument = v.object({
  active: ids,
  digest: v.string(),
  entries: v.number(),
  broadcast: v.optional(v.object({ eager: ids, lazy: ids }), {}),
  links: v.array(
    v.object({
      id: v.string(),
      address: v.string(),
      rtt_ms: v.nullish(v.number(), null),
      bytes_in: v.number(),
      bytes_out: v.number(),
    }),
  ),
});

export const pendingDocuments = v.array(
  v.object({
    fingerprint: v.string(),
    name: v.string(),
    address: v.string(),
    seen_by: ids,
    replaces: v.optional(v.string()),
  }),
);

export const membershipDocument = v.object({
  admins: v.array(v.object({ name: v.string(), alive: v.boolean() })),
});

export const healthDocument = v.object({
  status: v.string(),
  checks: v.record(v.string(), v.object({ status: v.string(), detail: v.string() })),
});

const readingDocument = v.object({
  value,
  unit: v.string(),
  sensor: v.string(),
  at: instant,
  age_s: seconds,
  stale: v.optional(v.boolean(), false),
  simulated: v.optional(v.boolean(), false),
});

const targetDocument = v.object({
  value,
  unit: v.string(),
  by: v.string(),
  at: instant,
  concurrent: v.optional(
    v.array(v.object({ value: v.nullable(value), by: v.string(), at: instant })),
    [],
  ),
});

export const roomTarget = v.object({
  ...targetDocument.entries,
  room: v.string(),
  kind: v.string(),
});

export const roomDocument = v.object({
  room: v.string(),
  readings: v.record(v.string(), readingDocument),
  targets: v.optional(v.record(v.string(), targetDocument), {}),
  occupancy: v.optional(
    v.object({
      motion: v.nullish(v.boolean(), null),
      count: v.nullish(v.number(), null),
      occupied: v.nullish(v.boolean(), null),
      likelihood: v.nullish(v.number(), null),
    }),
    {},
  ),
  advice: v.optional(v.array(v.string()), []),
});
export const roomDocuments = v.array(roomDocument);

const deviceDocument = v.object({
  mac: v.string(),
  ip: v.string(),
  ips: ids,
  hostname: v.optional(v.string()),
  person: v.optional(v.string()),
  seen_by: ids,
  age_s: seconds,
});
export const deviceDocuments = v.array(deviceDocument);

const personDocument = v.object({
  person: v.string(),
  in: v.boolean(),
  since: v.nullable(instant),
  room: v.optional(v.string(), ""),
  devices: v.array(
    v.object({
      mac: v.string(),
      ip: v.nullish(v.string(), null),
      last_seen_s: v.nullish(seconds, null),
      conflict: ids,
    }),
  ),
});
export const personDocuments = v.array(personDocument);

export const historyDocument = v.object({
  room: v.string(),
  kind: v.string(),
  unit: v.string(),
  from: instant,
  to: instant,
  step_s: v.pipe(v.number(), v.minValue(0.001)),
  points: v.array(v.tuple([instant, v.number(), v.number(), v.number()])),
});

/** A message of `/v1/live`, the first or a later one. */
export const liveMessage = v.object({
  type: v.string(),
  rooms: v.optional(roomDocuments, []),
  nodes: v.optional(nodeDocuments, []),
  network: v.optional(deviceDocuments, []),
  people: v.optional(personDocuments, []),
  gone: v.optional(v.object({ rooms: ids, nodes: ids, network: ids, people: ids }), {}),
});

export type PersonDocument = v.InferOutput<typeof personDocument>;
export type NodeDocument = v.InferOutput<typeof nodeDocument>;
export type ReadingDocument = v.InferOutput<typeof readingDocument>;
export type RoomDocument = v.InferOutput<typeof roomDocument>;
export type DeviceDocument = v.InferOutput<typeof deviceDocument>;
export type HistoryDocument = v.InferOutput<typeof historyDocument>;
export type LiveMessage = v.InferOutput<typeof liveMessage>;
