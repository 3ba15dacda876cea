import { INTENT_NAMES } from "../office/ask/intent.ts";
import { KIND_NAMES, KINDS } from "../reading/kind.ts";
import { ACTIONS } from "./commands.ts";

/** JSON Schema 2020-12, as OpenAPI 3.1 takes it. */
export type Schema = { readonly [key: string]: unknown };

const text: Schema = { type: "string" };
const truth: Schema = { type: "boolean" };
const whole: Schema = { type: "integer", minimum: 0 };
const spanS: Schema = { type: "number", description: "Seconds." };
const instant: Schema = { type: "string", format: "date-time", description: "UTC." };
const id: Schema = { type: "string", description: "A node's identity, a did:key." };
const kind: Schema = { type: "string", enum: KIND_NAMES };
const unit: Schema = {
  type: "string",
  enum: [...new Set(KIND_NAMES.map((name) => KINDS[name].unit))],
};
const value: Schema = { type: ["number", "boolean"] };
const list = (items: Schema): Schema => ({ type: "array", items });
const nullable = (type: string): Schema => ({ type: [type, "null"] });
const mapOf = (values: Schema): Schema => ({ type: "object", additionalProperties: values });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object; a name that ends in `?` may be absent. More fields may come with newer versions. */
function object(fields: Readonly<Record<string, Schema>>, more: Schema = {}): Schema {
  const entries = Object.entries(fields);
  return {
    type: "object",
    properties: Object.fromEntries(entries.map(([name, at]) => [name.replace(/\?$/, ""), at])),
    required: entries.map(([name]) => name).filter((name) => !name.endsWith("?")),
    ...more,
  };
}

const measured = {
  value,
  unit,
  sensor: { type: "string", description: "<node name>/<sensor name>" },
  node: id,
  at: instant,
  age_s: spanS,
  stale: truth,
  simulated: truth,
};

const grant = {
  id: text,
  can: text,
  room: nullable("string"),
  name: nullable("string"),
  key: id,
  by: id,
  expires: { type: ["string", "null"], format: "date-time" },
};

/** The documents of `types.ts`, by the names that routes use for them. */
export const SCHEMAS: Readonly<Record<string, Schema>> = {
  Problem: object({ type: text, status: whole, title: text, detail: text }),
  Health: object({
    status: { enum: ["ok", "degraded"] },
    checks: mapOf(object({ status: { enum: ["ok", "degraded"] }, detail: text })),
  }),
  Sensor: object({
    name: text,
    platform: text,
    kinds: list(kind),
    state: { enum: ["ok", "failing", "simulated"] },
    error: nullable("string"),
    values: list(
      object({
        sensor: text,
        kind,
        unit,
        raw: value,
        value: { type: ["number", "boolean", "null"] },
      }),
    ),
  }),
  Self: object({
    id,
    name: text,
    room: text,
    version: text,
    started: instant,
    uptime_s: spanS,
    addresses: list(text),
    authority: nullable("string"),
    sensors: list(ref("Sensor")),
  }),
  Buses: object({
    found: list(object({ where: text, what: text, state: { enum: ["used", "new", "unknown"] } })),
    troubles: list(object({ where: text, says: text })),
    buses: whole,
    yaml: { type: "string", description: "Lines for `watercooler.yaml`." },
  }),
  Named: object({ name: text, room: text }, { additionalProperties: false }),
  Node: object({
    id,
    name: text,
    room: text,
    version: text,
    addresses: list(text),
    api: list(text),
    state: { enum: ["alive", "silent", "retired"] },
    age_s: spanS,
    links: list(id),
  }),
  Link: object({
    id,
    name: text,
    address: text,
    wire: nullable("integer"),
    rtt_ms: nullable("number"),
    bytes_in: whole,
    bytes_out: whole,
  }),
  Mesh: object({
    mesh: text,
    self: id,
    active: list(id),
    passive: list(id),
    nodes: whole,
    digest: { type: "string", description: "Equal on two nodes exactly when their states are." },
    entries: whole,
    broadcast: object({ eager: list(id), lazy: list(id) }),
    links: list(ref("Link")),
  }),
  RoomReading: object(measured),
  Reading: object({ ...measured, room: text, kind }),
  Target: object({
    value,
    unit,
    by: text,
    at: instant,
    concurrent: list(
      object({ value: { type: ["number", "boolean", "null"] }, by: text, at: instant }),
    ),
  }),
  RoomTarget: { allOf: [ref("Target"), object({ room: text, kind })] },
  TargetBody: object({ value }, { additionalProperties: false }),
  Grant: object(grant),
  GrantTokens: object({ tokens: text }),
  MadeGrant: object({ ...grant, tokens: text }),
  GrantBody: object(
    {
      can: { type: "string", enum: Object.keys(ACTIONS) },
      "room?": text,
      "name?": text,
      key: id,
      expires_s: { type: ["integer", "null"], minimum: 1 },
    },
    { additionalProperties: false },
  ),
  Room: object({
    room: text,
    readings: mapOf(ref("RoomReading")),
    targets: mapOf(ref("Target")),
    occupancy: object({
      motion: nullable("boolean"),
      count: nullable("number"),
      occupied: nullable("boolean"),
      likelihood: nullable("number"),
    }),
    advice: list(text),
  }),
  Device: object({
    mac: text,
    ip: text,
    ips: list(text),
    "hostname?": text,
    "person?": text,
    "conflict?": list(text),
    seen_by: list(id),
    at: instant,
    age_s: spanS,
  }),
  Answer: object({
    answer: text,
    intent: { enum: INTENT_NAMES },
    "age_s?": spanS,
    "sources?": list(id),
  }),
  Fact: object({
    entity: {
      type: "string",
      description: "room/ROOM, node/NODE, sensor/NODE/SENSOR, device/MAC or person/NAME",
    },
    attribute: text,
    value: { type: ["number", "boolean", "string", "null"] },
    "unit?": unit,
    from: id,
    by: text,
    at: instant,
    age_s: spanS,
  }),
  Person: object({
    person: text,
    in: truth,
    since: { type: ["string", "null"], format: "date-time", description: "UTC." },
    "room?": text,
    devices: list(
      object({
        mac: text,
        ip: nullable("string"),
        last_seen_s: nullable("number"),
        "conflict?": list(text),
      }),
    ),
  }),
  Caller: object({
    mac: text,
    ip: text,
    private_address: truth,
    "person?": text,
    "conflict?": list(text),
  }),
  Push: object(
    { sensor: text, kind, value, "room?": text, "passage?": { enum: ["in", "out"] } },
    { additionalProperties: false },
  ),
  PushBody: { oneOf: [ref("Push"), list(ref("Push"))] },
  Pushed: object({ accepted: whole }),
  CalibrationBody: {
    oneOf: [
      object({ kind, offset: { type: "number" } }, { additionalProperties: false }),
      object(
        { kind, raw: { type: "number" }, reference: { type: "number" } },
        { additionalProperties: false },
      ),
    ],
  },
  Calibration: object({ sensor: text, kind, offset: { type: "number" } }),
  Membership: object({
    mesh: id,
    fingerprint: text,
    power: { enum: ["member", "admin"] },
    admins: list(object({ id, name: text, alive: truth })),
  }),
  Invitation: object({
    id: text,
    name: nullable("string"),
    power: { enum: ["member", "admin"] },
    uses: whole,
    used: whole,
    expires: instant,
    by: text,
    state: { enum: ["open", "used-up", "expired", "revoked"] },
    "code?": text,
  }),
  InvitationBody: object(
    { "uses?": whole, "expires_s?": spanS, "power?": { enum: ["member", "admin"] }, "name?": text },
    { additionalProperties: false },
  ),
  Pending: object({
    id,
    fingerprint: text,
    name: text,
    address: text,
    seen_by: list(text),
    "replaces?": text,
  }),
  Replacement: object({
    node: id,
    name: text,
    room: text,
    by: id,
    fingerprint: text,
    state: { enum: ["waiting", "done", "lost"] },
    successor: nullable("string"),
    sensors: list(object({ name: text, kinds: list(text), every_s: spanS })),
  }),
  ReplacementBody: object({ "force?": truth }, { additionalProperties: false }),
  AdmitBody: object({ "power?": { enum: ["member", "admin"] } }, { additionalProperties: false }),
  Admitted: object({ id }),
  Forgotten: object({ id, name: text, kept: list(text) }),
  Plan: object({ picture: nullable("string"), places: mapOf(ref("Place")) }),
  Place: object({ x: { type: "number" }, y: { type: "number" } }, { additionalProperties: false }),
  PlanBody: object({ places: mapOf({ oneOf: [ref("Place"), { type: "null" }] }) }),
  PictureBody: object({ type: text, data: { type: "string", description: "Base64." } }),
  Demo: object({ cut: truth }),
  BackupBody: object(
    { file: { type: "string", enum: ["state", "history"] } },
    { additionalProperties: false },
  ),
  BackupHeld: object({ hold: { type: "integer" }, pid: { type: "integer" } }),
  BackupReleased: object({ still: truth }),
  ScrapeTarget: object({ targets: list(text), labels: mapOf(text) }),
  Space: {
    type: "object",
    description: "A SpaceAPI v15 document: https://schema.spaceapi.io/15.json.",
  },
  History: object({
    room: text,
    kind,
    unit,
    from: instant,
    to: instant,
    step_s: spanS,
    points: list({
      type: "array",
      description: "Start of a step (RFC 3339), mean, least and greatest.",
      prefixItems: [instant, { type: "number" }, { type: "number" }, { type: "number" }],
      minItems: 4,
      maxItems: 4,
    }),
  }),
  Segment: object({
    node: id,
    sensor: text,
    tier: { enum: ["raw", "minute", "hour"] },
    start: instant,
    sha256: text,
    sealed: truth,
  }),
  Description: { type: "object", description: "An OpenAPI 3.1 document." },
  LiveSnapshot: object({
    type: { const: "snapshot" },
    rooms: list(ref("Room")),
    people: list(ref("Person")),
    nodes: list(ref("Node")),
    network: list(ref("Device")),
    mesh: ref("Mesh"),
    node: ref("Self"),
  }),
  LiveChange: object({
    type: { const: "change" },
    "rooms?": list(ref("Room")),
    "people?": list(ref("Person")),
    "nodes?": list(ref("Node")),
    "network?": list(ref("Device")),
    "mesh?": ref("Mesh"),
    "node?": ref("Self"),
    "gone?": object({
      "rooms?": list(text),
      "people?": list(text),
      "nodes?": list(id),
      "network?": list(text),
    }),
  }),
};
