import assert from "node:assert/strict";
import test from "node:test";
import type { RoomDocument } from "../../src/api/types.ts";
import { run } from "./cli-harness.ts";
import { threeRooms, until } from "./three-rooms.ts";

const HOUR_MS = 3_600_000;
const SAY = "You might want to turn the AC on.";

/** A part of the day around now, in this machine's own time zone. */
function aroundNow(): string {
  const nowMs = Date.now();
  const [from, to] = [nowMs - HOUR_MS, nowMs + HOUR_MS].map((ms) =>
    new Date(ms).toTimeString().slice(0, "00:00".length),
  );
  return `${from}-${to}`;
}

test("every node advises on a room by its rules, and stops when that is over", async (context) => {
  const rule = { kind: "temperature", room: "kitchen", above: 24, hysteresis: 0.5, say: SAY };
  const wish = { kind: "temperature", room: "kitchen", above_target: 1.5, hysteresis: 0.5 };
  const warm = "Warmer than you wanted it.";
  const hush = { ...rule, quiet: aroundNow(), say: "Not in quiet hours." };
  const dry = { kind: "humidity", room: "kitchen", below: 30, for: "2s", say: "Water the plants." };
  const advice = [rule, { ...wish, say: warm }, hush, dry];
  const { nodes, push } = await threeRooms(context, { advice });
  const advised = (value: number, said: readonly string[]) =>
    until(`${value}: ${said}`, async () => {
      const rooms = await Promise.all(
        nodes.map((node) => node.get<RoomDocument>("/v1/rooms/kitchen")),
      );
      return rooms.every(
        (room) => room?.readings.temperature?.value === value && room.advice.join() === said.join(),
      );
    });
  assert.equal(await push("meeting-room", "temperature", 30), 202);
  for (const [value, said] of [
    [24, []],
    [24.2, [SAY]],
    [23.7, [SAY]],
    [23.4, []],
    [23.9, []],
    [26, [SAY]],
  ] as const) {
    assert.equal(await push("kitchen", "temperature", value), 202);
    await advised(value, said);
  }
  const [first, second, third] = nodes;
  assert.deepEqual((await first.get<RoomDocument>("/v1/rooms/meeting-room"))?.advice, []);
  const { stdout } = await run(["room", "kitchen", "--node", first.api ?? ""]);
  assert.match(stdout, /You might want to turn the AC on\.\n$/);

  const target = "/v1/targets/kitchen/temperature";
  const want = async (value: number) =>
    assert.equal(await second.write("PUT", target, { value }), 200);
  await want(25);
  await advised(26, [SAY]);
  await want(24.4);
  await advised(26, [SAY, warm]);
  // Back by less than the hysteresis, then by more; then nobody wants anything.
  await want(24.9);
  await advised(26, [SAY, warm]);
  await want(25.1);
  await advised(26, [SAY]);
  await want(20);
  await advised(26, [SAY, warm]);
  assert.equal(await third.write("DELETE", target), 204);
  await advised(26, [SAY]);

  const startMs = performance.now();
  assert.equal(await push("kitchen", "humidity", 20), 202);
  await advised(26, [SAY, dry.say]);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs >= 2_000, `said after ${tookMs} ms`);
});
