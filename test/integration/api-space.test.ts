import assert from "node:assert/strict";
import test from "node:test";
import * as v from "valibot";
import { type SpaceSettings, spaceDocument } from "../../src/api/space.ts";
import { ok } from "../../src/base/result.ts";
import { checkConfig } from "../../src/config/check.ts";
import { completeConfig } from "../../src/config/config.ts";
import type { PeopleSide } from "../../src/node/read-side.ts";
import type { OccupancyView, RoomView } from "../../src/office/views.ts";
import { FakeOffice, reading, WALL_MS } from "./api-fake-office.ts";
import { ask, assertProblem, serve } from "./api-harness.ts";

// What https://schema.spaceapi.io/15.json demands of the fields that a node fills: their types,
// which of them have to be there, and which units a kind may have.
const sensor = (unit: string) =>
  v.strictObject({
    value: v.number(),
    unit: v.literal(unit),
    location: v.string(),
    name: v.optional(v.string()),
    description: v.optional(v.string()),
    lastchange: v.optional(v.number()),
  });
const SPACE_API_15 = v.strictObject({
  api_compatibility: v.pipe(v.array(v.string()), v.includes("15")),
  space: v.string(),
  logo: v.string(),
  url: v.string(),
  contact: v.strictObject({ email: v.optional(v.string()), matrix: v.optional(v.string()) }),
  location: v.optional(
    v.strictObject({ address: v.optional(v.string()), lat: v.number(), lon: v.number() }),
  ),
  state: v.optional(v.strictObject({ open: v.optional(v.boolean()) })),
  sensors: v.strictObject({
    temperature: v.array(sensor("°C")),
    humidity: v.array(sensor("%")),
    barometer: v.array(sensor("hPa")),
    carbondioxide: v.array(sensor("ppm")),
    people_now_present: v.array(
      v.strictObject({
        value: v.number(),
        names: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
      }),
    ),
  }),
});

const SPACE: SpaceSettings = {
  name: "The office",
  url: "https://office.example/",
  logo: "https://office.example/logo.svg",
  people: "counted",
  contact: { email: "hello@office.example" },
  location: { lat: 38.7, lon: -9.1 },
};

class SpacedOffice extends FakeOffice {
  present: Readonly<Record<string, "in" | "away">> = {};
  occupied: "taken" | "empty" | undefined;
  readonly people: PeopleSide = {
    list: () =>
      Object.entries(this.present).map(([person, state]) => {
        return { person, isIn: state === "in", sinceWallMs: WALL_MS, devices: [] };
      }),
    register: () => ok(undefined),
    unregister: () => ok(undefined),
    caller: () => undefined,
  };

  override rooms(): readonly RoomView[] {
    const { occupied: state } = this;
    if (state === undefined) return super.rooms();
    const occupancy: OccupancyView = { count: undefined, state, sources: [] };
    return super.rooms().map((room) => ({ ...room, occupancy }));
  }
}

const told = (
  office: SpacedOffice,
  over: Partial<SpaceSettings> = {},
  to: "all" | "public" = "all",
) => v.parse(SPACE_API_15, spaceDocument(office, { ...SPACE, ...over }, to));

test("readings stand under the schema's names, in its units, stale ones nowhere", () => {
  const office = new SpacedOffice();
  office.readingList = [
    reading({ kind: "temperature" }),
    reading({ kind: "temperature", stale: true, sensor: "old-pi/climate" }),
    reading({ kind: "humidity", value: 41 }),
    reading({ kind: "pressure", value: 1013 }),
    reading({ kind: "co2", value: 612, simulated: true }),
    reading({ kind: "motion", value: true }),
  ];
  const { sensors, location } = told(office);
  const name = "kitchen-pi/climate";
  const lastchange = WALL_MS / 1000;
  const common = { location: "kitchen", name, lastchange };
  assert.deepEqual(sensors.temperature, [{ value: 21.5, unit: "°C", ...common }]);
  assert.equal(sensors.humidity[0]?.value, 41);
  assert.equal(sensors.barometer[0]?.value, 1013);
  assert.equal(sensors.carbondioxide[0]?.description, "simulated");
  assert.deepEqual(location, { lat: 38.7, lon: -9.1 });
});

test("it is open while somebody is in or a room is taken, and unknown where nothing tells", () => {
  const office = new SpacedOffice();
  assert.deepEqual(told(office).state, {});
  assert.deepEqual(told(office).sensors.people_now_present, []);
  office.present = { Ana: "away" };
  assert.deepEqual(told(office).state, { open: false });
  office.present = { Ana: "away", Rui: "in" };
  assert.deepEqual(told(office).state, { open: true });
  office.present = {};
  office.occupied = "taken";
  assert.deepEqual(told(office).state, { open: true });
  office.occupied = "empty";
  assert.deepEqual(told(office).state, { open: false });
});

test("people are counted, and named only where that is set and the caller may know", () => {
  const office = new SpacedOffice();
  office.present = { Ana: "in", Rui: "away", Eva: "in" };
  const people = (...how: [SpaceSettings["people"], "all" | "public"]) =>
    told(office, { people: how[0] }, how[1]).sensors.people_now_present;
  assert.deepEqual(people("counted", "all"), [{ value: 2 }]);
  assert.deepEqual(people("named", "public"), [{ value: 2 }]);
  assert.deepEqual(people("named", "all"), [{ value: 2, names: ["Ana", "Eva"] }]);
  office.present = { Ana: "away" };
  assert.deepEqual(people("named", "all"), [{ value: 0 }], "the schema allows no empty list");
});

test("pages of any site may read it where it is configured, else there is none", async (context) => {
  const { port } = await serve(context, { space: SPACE });
  const reply = await ask(port, "/spaceapi.json", { headers: { origin: "https://any.example" } });
  assert.equal(reply.status, 200);
  assert.equal(reply.headers["access-control-allow-origin"], "*");
  v.parse(SPACE_API_15, reply.json());
  const without = await serve(context);
  assertProblem(await ask(without.port, "/spaceapi.json"), 404, /set space in watercooler\.yaml/);
});

test("what the configuration says of the place is what is told", async () => {
  const file = `space:
  name: The office
  url: https://office.example/
  logo: https://office.example/logo.svg
  people: yes
  contact: { email: hello@office.example }
  location: { lat: 38.7, lon: -9.1 }
`;
  const checked = await checkConfig("w.yaml", file);
  assert.ok(checked.ok);
  const around = { env: {}, hostname: "pi", homedir: "/nonexistent" };
  assert.deepEqual(completeConfig(checked.value, around).space, { ...SPACE, people: "named" });
  assert.equal(completeConfig({}, around).space, undefined);
  const wrong = await checkConfig("w.yaml", file.replace(", lon: -9.1", ""));
  assert.ok(!wrong.ok);
  assert.match(wrong.error[0] ?? "", /^w\.yaml:7: space\.location: .*lat and lon both/);
});
