import assert from "node:assert/strict";
import test, { type TestContext } from "node:test";
import fc from "fast-check";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";
import type { NodeId } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { ManualClock } from "../../src/base/time.ts";
import type { InfluxSettings } from "../../src/config/edge-settings.ts";
import { lineOf } from "../../src/edge/influx/line.ts";
import { Pusher } from "../../src/edge/influx/pusher.ts";
import { Counters } from "../../src/node/counters.ts";
import type { EdgeNotes } from "../../src/node/edge-notes.ts";
import type { ReadingView } from "../../src/office/views.ts";
import { KIND_NAMES, type Kind, unitOf } from "../../src/reading/kind.ts";
import { InfluxSink, pointIn } from "./influx-sink.ts";
import { until } from "./three-rooms.ts";

const SELF = "did:key:z6Mkself" as NodeId;
const READY_MS = 6_000;
const INTERVAL_MS = 10_000;

test("whatever stands in a point is read back as it was", () => {
  const word = fc
    .string({ unit: "grapheme", minLength: 1 })
    .filter((text) => !/[\r\n\\]/.test(text));
  const values = fc.dictionary(
    fc.constantFrom(...KIND_NAMES),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    { minKeys: 1 },
  );
  const point = fc.record({
    room: word,
    node: word,
    sensor: word,
    simulated: fc.boolean(),
    values: values.map((all) => new Map(Object.entries(all) as [Kind, number][])),
    atMs: fc.nat(),
  });
  fc.assert(
    fc.property(point, (said) => {
      const { room, node, sensor, simulated } = said;
      const read = pointIn(lineOf(said));
      const tags = { room, node, sensor, ...(simulated ? { simulated: "true" } : {}) };
      assert.deepEqual(read.tags, tags);
      // A line has no minus zero.
      const fields = [...said.values].map(([kind, value]) => [kind, value + 0]);
      assert.deepEqual(read.fields, Object.fromEntries(fields));
      assert.equal(read.atMs, said.atMs);
    }),
  );
});

test("a line stays a line, whatever a name ends with or has in it", () => {
  const values = new Map([["temperature", 1]] as const);
  const common = { room: "a\nb", node: "c\\", simulated: false, values, atMs: 5 };
  const line = lineOf({ ...common, sensor: "" });
  assert.equal(line, "watercooler,node=c/,room=a\\ b temperature=1 5");
});

test("each reading is pushed once, dated by the server's clock", async (context) => {
  const site = await Site.start(context);
  site.sink.aheadMs = 40 * 365 * 86_400_000;
  site.says({ kind: "temperature", value: 21.5, ageMs: 4_000 });
  site.says({ kind: "motion", value: true, ageMs: 4_000 });
  site.says({ kind: "co2", value: 600, stale: true });
  await site.pushed(1);
  site.pass(3 * INTERVAL_MS);
  site.says({ kind: "temperature", value: 21.5, atWallMs: 9_000 });
  site.says({ kind: "motion", value: true, ageMs: 30_000 });
  await site.pushed(2);
  const [first, second] = site.sink.points;
  assert.deepEqual(first?.fields, { temperature: 21.5, motion: 1 });
  assert.deepEqual(second?.fields, { temperature: 21.5 });
  assert.deepEqual(first?.tags, { room: "lab", node: "lab-pi", sensor: "box" });
  const offMs = Date.now() + site.sink.aheadMs - 4_000 - (first?.atMs ?? 0);
  assert.ok(Math.abs(offMs) < 60_000, `${offMs} ms off`);
  const [ping, write] = site.sink.asked;
  assert.equal(ping?.path, "/ping");
  assert.equal(write?.path, "/api/v2/write?bucket=office&org=us&precision=ms");
  assert.equal(write?.headers.authorization, "Token t");
  assert.equal(site.pusher.check().detail, "pushes for the mesh");
});

test("what can't be sent waits, within bounds; what is not taken is let go", async (context) => {
  const site = await Site.start(context, { api: 1, database: "office", username: "pi" });
  site.says({ kind: "temperature", value: 1 });
  await site.pushed(1);
  assert.equal(site.sink.asked.at(-1)?.path, "/write?db=office&precision=ms");
  const login = Buffer.from("pi:t").toString("base64");
  assert.equal(site.sink.asked.at(-1)?.headers.authorization, `Basic ${login}`);
  site.sink.answers = [{ status: 503 }, { status: 401 }, { status: 500 }];
  for (let value = 2; value < 6; value++) {
    site.pass(1_000);
    site.says({ kind: "temperature", value, atWallMs: value });
    site.pusher.look();
  }
  await until("it fails", async () => {
    site.pass(60_000);
    site.pusher.look();
    return site.sink.answers.length === 0;
  });
  await site.pushed(5);
  site.sink.answers = [{ status: 400, body: '{"error":"field type\n conflict"}' }];
  site.says({ kind: "temperature", value: 6, atWallMs: 6 });
  await until("it is refused", async () => {
    site.pass(INTERVAL_MS);
    site.pusher.look();
    return site.pusher.check().state === "degraded";
  });
  const { detail } = site.pusher.check();
  assert.equal(detail, 'fails: HTTP 400: {"error":"field type conflict"}; 0 readings wait');
  assert.equal(site.pusher.isFailing(), false, "the database is there");
  site.says({ kind: "temperature", value: 7, atWallMs: 7 });
  await site.pushed(6);
  const sent = site.sink.points.map(({ fields }) => fields.temperature);
  assert.deepEqual(sent, [1, 2, 3, 4, 5, 7]);
});

test("too much for one request goes in several, and too much to keep goes", async (context) => {
  const site = await Site.start(context);
  site.says({ kind: "temperature", value: 0 });
  await site.pushed(1);
  await site.sink.stop();
  const rooms = 2_500;
  for (let round = 1; round <= 9; round++) {
    for (let room = 0; room < rooms; room++) {
      site.says({ kind: "temperature", room: `room-${room}`, value: round, atWallMs: round });
    }
    site.pass(1_000);
    site.pusher.look();
  }
  await until("it fails", async () => site.pusher.check().state === "degraded");
  const waiting = Number(/(\d+) readings wait/.exec(site.pusher.check().detail)?.[1]);
  assert.ok(waiting >= 20_000 && waiting <= 22_000, `${waiting} wait`);
  const sink = new InfluxSink();
  context.after(() => sink.stop());
  sink.linesMax = 1_500;
  await sink.start(Number(new URL(site.url).port));
  await until("all is there", async () => {
    for (let turn = 0; turn < 100; turn++) {
      site.pass(60_000);
      site.pusher.look();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return / 0 readings|pushes/.test(site.pusher.check().detail) && sink.points.length >= 20_000;
  });
  const newest = sink.points.filter(({ fields }) => fields.temperature === 9);
  assert.equal(newest.length, rooms);
});

type Said = Partial<ReadingView> & Pick<ReadingView, "kind" | "value">;

/** A node that pushes, with a database that is a stand-in, on a clock of its own. */
class Site {
  readonly clock = new ManualClock();
  readonly readings = new Map<string, ReadingView>();
  readonly pusher: Pusher;

  private constructor(
    readonly sink: InfluxSink,
    readonly url: string,
    into: InfluxSettings["into"],
  ) {
    const { clock } = this;
    const notes = {
      self: SELF,
      known: 1,
      isClone: false,
      idOf: (...words: readonly string[]) => words.join(),
      able: () => [SELF],
      hash: (bytes: Uint8Array) => bytes,
    } as unknown as EdgeNotes;
    const secret = { from: "text", text: "t" } as const;
    this.pusher = new Pusher({
      settings: { url, into, secret, intervalMs: INTERVAL_MS },
      readSide: {
        readings: () => [...this.readings.values()],
        mesh: () => ({ active: [] }) as never,
      },
      notes,
      clock,
      timers: systemTimers,
      counters: new Counters(silentLog, clock),
      env: {},
      chance: () => 0.5,
    });
    clock.advance(READY_MS);
  }

  static async start(
    context: TestContext,
    into: InfluxSettings["into"] = { api: 2, bucket: "office", org: "us" },
  ): Promise<Site> {
    const sink = new InfluxSink();
    const site = new Site(sink, await sink.start(), into);
    context.after(() => sink.stop());
    return site;
  }

  says({ kind, room = "lab", ...more }: Said): void {
    const sensor = `${room}-pi/box`;
    const common = { node: SELF, sensor, room, unit: unitOf(kind), atWallMs: 1, ageMs: 0 };
    const flags = { stale: false, simulated: false };
    this.readings.set(`${sensor} ${kind}`, { ...common, ...flags, kind, ...more });
  }

  pass(spanMs: number): void {
    this.clock.advance(spanMs);
  }

  /** Looks on until the database has so many points. */
  async pushed(count: number): Promise<void> {
    await until(`${count} points`, async () => {
      this.pusher.look();
      this.pass(1_000);
      return this.sink.points.length >= count;
    });
    assert.equal(this.sink.points.length, count);
  }
}
