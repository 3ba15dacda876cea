import assert from "node:assert/strict";
import test from "node:test";
import type { HistoryAsk, HistorySide } from "../../src/node/read-side.ts";
import { FakeOffice, idOf, WALL_MS } from "./api-fake-office.ts";
import { ask, serve } from "./api-harness.ts";

const HOUR_MS = 3_600_000;

/** An office that remembers two steps, and what it was asked. */
class OldOffice extends FakeOffice {
  readonly asked: HistoryAsk[] = [];
  readonly history: HistorySide = {
    chart: async (wanted) => {
      this.asked.push(wanted);
      if (wanted.room !== "kitchen") return { ...wanted, points: [] };
      const points = [
        { atMs: WALL_MS - HOUR_MS, mean: 20.123456, min: 19.5, max: 21 },
        { atMs: WALL_MS, mean: 22, min: 22, max: 22 },
      ];
      return { ...wanted, points };
    },
    segments: () => [
      {
        node: idOf(1),
        sensor: "climate",
        tier: "raw",
        startMs: WALL_MS - (WALL_MS % HOUR_MS),
        sha256: "00ff",
        isSealed: true,
      },
    ],
  };
}

test("history over HTTP: JSON, CSV, hashes, and what can't be asked", async (context) => {
  const office = new OldOffice();
  const { port } = await serve(context, { office });
  const get = async (query: string, headers = {}) =>
    await ask(port, `/v1/history?${query}`, { headers });
  const kitchen = "room=kitchen&kind=temperature";
  const span = "from=2026-11-21T08:00:00Z&to=2026-11-21T10:00:00%2B00:00";

  const reply = await get(`${kitchen}&${span}&step=30m`);
  assert.equal(reply.status, 200);
  assert.deepEqual(reply.json(), {
    room: "kitchen",
    kind: "temperature",
    unit: "degC",
    from: "2026-11-21T08:00:00.000Z",
    to: "2026-11-21T10:00:00.000Z",
    step_s: 1_800,
    points: [
      ["2026-11-21T08:30:00.000Z", 20.1235, 19.5, 21],
      ["2026-11-21T09:30:00.000Z", 22, 22, 22],
    ],
  });

  const csv = await get(`${kitchen}&${span}`, { accept: "text/csv" });
  assert.match(String(csv.headers["content-type"]), /^text\/csv/);
  assert.equal(
    csv.text,
    "time,mean (degC),min (degC),max (degC)\r\n" +
      "2026-11-21T08:30:00.000Z,20.1235,19.5,21\r\n2026-11-21T09:30:00.000Z,22,22,22\r\n",
  );

  // A day where nothing is said; steps begin where everybody's do.
  await get(kitchen);
  const day = office.asked.at(-1);
  assert.equal(day?.stepMs, 300_000);
  assert.equal((day?.fromMs ?? 1) % 300_000, 0);
  await get(`${kitchen}&from=-6h&to=2026-11-21T10:00:00Z&step=60`);
  assert.equal(office.asked.at(-1)?.fromMs, Date.UTC(2026, 10, 21, 4));

  const wrong: Readonly<Record<string, RegExp>> = {
    "kind=temperature": /which room/,
    "room=kitchen&kind=heat": /which kind; there are: temperature/,
    [`${kitchen}&since=1`]: /unknown parameter; there are: room, kind, from, to, step/,
    [`${kitchen}&from=yesterday`]: /RFC 3339/,
    [`${kitchen}&from=2026-11-21T10:00:00Z&to=2026-11-21T10:00:00Z`]: /before to/,
    [`${kitchen}&${span}&step=0`]: /step is/,
    [`${kitchen}&${span}&step=1`]: /over 2000 steps/,
    [`${kitchen}&room=attic`]: /give room once/,
  };
  for (const [query, says] of Object.entries(wrong)) {
    const refused = await get(query);
    assert.equal(refused.status, 400, query);
    assert.match(String(refused.json().detail), says);
  }
  const unknown = await get("room=attic&kind=temperature");
  assert.equal(unknown.status, 404);
  assert.match(String(unknown.json().detail), /known are: kitchen/);
  // Nothing of that kind there: an empty chart, not a mistake.
  office.readingList = [
    ...office.readingList,
    { ...office.readingList[0], room: "attic" } as never,
  ];
  assert.deepEqual((await get("room=attic&kind=co2")).json().points, []);

  const segments = await ask(port, `/v1/history/segments?${kitchen}`);
  assert.deepEqual(segments.json(), [
    {
      node: idOf(1),
      sensor: "climate",
      tier: "raw",
      start: "2026-11-21T09:00:00.000Z",
      sha256: "00ff",
      sealed: true,
    },
  ]);
});
