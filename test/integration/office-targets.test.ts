import assert from "node:assert/strict";
import test from "node:test";
import type { RoomDocument, RoomTargetDocument } from "../../src/api/types.ts";
import { LiveReader } from "./api-harness.ts";
import { assertFailed, run } from "./cli-harness.ts";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";
import { MEET_MS_MAX, Trio } from "./office-trio.ts";

const PATH = "/v1/targets/meeting-room/temperature";

test("a target set on one node is shown on all, and outlives a kill", async (context) => {
  const trio = await Trio.start(context);
  const [first, second, third] = trio.nodes as [NodeProcess, NodeProcess, NodeProcess];
  const cli = (node: NodeProcess, ...args: string[]) =>
    run(["target", ...args, "--node", node.api ?? ""]);

  assert.equal(await second.status(PATH), 404);
  const live = new LiveReader(Number(third.api?.split(":").at(-1)));
  context.after(() => live.socket.terminate());
  await live.message(0);
  const set = await cli(first, "meeting-room", "temperature", "21.5", "--json");
  assert.equal(set.code, 0, set.stderr);
  const { at, ...stored } = JSON.parse(set.stdout) as RoomTargetDocument;
  const said = { room: "meeting-room", kind: "temperature", value: 21.5, unit: "degC" };
  assert.deepEqual(stored, { ...said, by: "pi-0", concurrent: [] });
  assert.match(at, /^\d{4}-.*Z$/);
  const told = () => live.messages.some((one) => JSON.stringify(one).includes('"value":21.5'));
  await until(told, MEET_MS_MAX, "the live socket tells");

  await first.end("SIGKILL");
  first.start();
  await trio.agreed();
  for (const node of trio.nodes) {
    const room = await node.get<RoomDocument>("/v1/rooms/meeting-room");
    assert.equal(room?.targets.temperature?.value, 21.5);
    assert.equal(room?.targets.temperature?.at, at);
  }

  const words = await cli(second, "meeting-room", "temperature", "19");
  assert.equal(words.stdout, "meeting-room is to have a temperature of 19 °C.\n");
  await trio.agreed();
  assert.equal((await first.get<RoomTargetDocument>(PATH))?.value, 19);
  const cleared = await cli(third, "meeting-room", "temperature", "--clear");
  assert.equal(cleared.code, 0, cleared.stderr);
  await trio.agreed();
  for (const node of trio.nodes) assert.equal(await node.status(PATH), 404);

  assertFailed(await cli(first, "meeting-room", "temperature"), 2, /give a value, or --clear/);
  assertFailed(await cli(first, "meeting-room", "temperature", "warm"), 2, /no value/);
  assertFailed(await cli(first, "meeting-room", "smell", "2"), 1, /unknown kind/);
  assertFailed(await cli(first, "meeting-room", "temperature", "900"), 1, /can't be a temperature/);
  assertFailed(await cli(first, "Meeting", "temperature", "20"), 1, /lower-case/);
  assert.equal(await first.write("PUT", PATH, { value: true }), 400);
  assert.equal(await first.write("PUT", PATH, { value: 20, by: "me" }), 400);
  assert.equal(await first.write("PUT", "/v1/targets/lab/motion", { value: true }), 200);
  assert.equal(await first.write("DELETE", "/v1/targets/lab/motion"), 204);
  assert.equal(await first.write("DELETE", "/v1/targets/lab/motion"), 204);
});
