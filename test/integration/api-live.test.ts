import assert from "node:assert/strict";
import { once } from "node:events";
import test from "node:test";
import { COALESCE_MS, LIVE_SOCKETS_MAX } from "../../src/api/live.ts";
import { FakeOffice, idOf, node, reading } from "./api-fake-office.ts";
import { ask, LiveReader, serve, until } from "./api-harness.ts";

test("first a snapshot of everything, then only what changed", async (context) => {
  const office = new FakeOffice();
  office.nodeList = [node(1, "kitchen-pi"), node(2, "hall-pi")];
  const hall = reading({ kind: "humidity", room: "hall", value: 40 });
  office.readingList = [reading({ kind: "temperature" }), hall];
  const { port } = await serve(context, { office });
  const reader = new LiveReader(port);
  const snapshot = await reader.message(0);
  const topics = ["rooms", "people", "nodes", "network", "mesh", "node"];
  assert.deepEqual(Object.keys(snapshot), ["type", ...topics]);
  assert.equal(snapshot.type, "snapshot");
  for (const topic of ["rooms", "nodes", "network"]) {
    assert.deepEqual(snapshot[topic], (await ask(port, `/v1/${topic}`)).json());
  }
  office.readingList = [reading({ kind: "temperature", value: 23 }), hall];
  office.changed("rooms");
  const change = await reader.message(1);
  assert.deepEqual(Object.keys(change), ["type", "rooms"]);
  assert.match(JSON.stringify(change), /"room":"kitchen".*"value":23/);
  assert.doesNotMatch(JSON.stringify(change), /"room":"hall"/);
  office.nodeList = [node(1, "kitchen-pi")];
  office.digest = "11".repeat(32);
  office.changed("nodes", "mesh");
  const { type, gone, mesh } = await reader.message(2);
  assert.deepEqual([type, gone], ["change", { nodes: [idOf(2)] }]);
  assert.match(JSON.stringify(mesh), /"digest":"1111/);
  reader.socket.close();
});

test("a change that changes nothing is not told; a burst is told once", async (context) => {
  const { port, office } = await serve(context);
  const reader = new LiveReader(port);
  await reader.message(0);
  office.changed("rooms", "nodes", "network", "mesh");
  for (let value = 0; value < 100; value++) {
    office.readingList = [reading({ kind: "temperature", value })];
    office.changed("rooms");
  }
  await until("the newest", () => JSON.stringify(reader.messages.at(-1)).includes('"value":99'));
  assert.ok(reader.messages.length <= 3, `${reader.messages.length} messages`);
  reader.socket.close();
});

test("changes come no faster than the pace", async (context) => {
  const { port, office } = await serve(context);
  const reader = new LiveReader(port);
  await reader.message(0);
  const startMs = performance.now();
  let value = 0;
  const timer = setInterval(() => {
    office.readingList = [reading({ kind: "count", value: value++ })];
    office.changed("rooms");
  }, 2);
  await until("six changes", () => reader.messages.length > 6);
  clearInterval(timer);
  // Six changes span at least five paces; half a pace is left for timers that fire early.
  assert.ok(performance.now() - startMs >= 4.5 * COALESCE_MS);
  reader.socket.close();
});

/** Whether one of the last messages says so: on a slow machine one about ages may follow it. */
function tells({ messages }: LiveReader, text: string): boolean {
  return messages.slice(-3).some((message) => JSON.stringify(message).includes(text));
}

test("a slow reader gets the newest state later, never a queue", async (context) => {
  const { port, office } = await serve(context);
  const slow = new LiveReader(port);
  const quick = new LiveReader(port);
  await Promise.all([slow.message(0), quick.message(0)]);
  slow.socket.pause();
  const rooms = 4_000;
  const changes = 20;
  for (let value = 1; value <= changes; value++) {
    office.readingList = Array.from({ length: rooms }, (_, at) =>
      reading({ kind: "count", room: `room-${at}`, value }),
    );
    office.changed("rooms");
    const told = `"value":${value},`;
    await until(`change ${value}`, () => tells(quick, told));
  }
  assert.ok(quick.messages.length > changes);
  slow.socket.resume();
  const newest = `"value":${changes},`;
  await until("the newest", () => tells(slow, newest));
  const skipped = quick.messages.length - slow.messages.length;
  assert.ok(skipped >= changes / 4, `only ${skipped} of ${changes} changes were left out`);
  slow.socket.close();
  quick.socket.close();
});

test("so many readers and no more; one that goes makes room", async (context) => {
  const { port } = await serve(context);
  const readers = Array.from({ length: LIVE_SOCKETS_MAX }, () => new LiveReader(port));
  await Promise.all(readers.map((reader) => reader.message(0)));
  const extra = new LiveReader(port);
  await until("the refusal", () => extra.refusedWith !== undefined);
  assert.equal(extra.refusedWith, 503);
  const [first] = readers;
  first?.socket.close();
  await until("room", () => first?.socket.readyState === first?.socket.CLOSED);
  const next = new LiveReader(port);
  await next.message(0);
  for (const { socket } of [...readers, next]) socket.terminate();
});

test("a reader that sends too much is cut off, one that pings is answered", async (context) => {
  const { port } = await serve(context);
  const reader = new LiveReader(port);
  await reader.message(0);
  const pong = once(reader.socket, "pong");
  reader.socket.ping("here?");
  assert.equal(String((await pong)[0]), "here?");
  const closed = once(reader.socket, "close");
  reader.socket.send("x".repeat(5_000));
  assert.equal((await closed)[0], 1009);
  assert.equal((await ask(port, "/v1/health")).status, 200);
});
