import assert from "node:assert/strict";
import test from "node:test";
import { SETTINGS } from "../../src/maelstrom/settings.ts";
import { WORKLOADS } from "../../src/maelstrom/workloads.ts";
import { VirtualBench } from "../sim/maelstrom-bench.ts";

function bench(workload: string, names: readonly string[]): VirtualBench {
  const run = WORKLOADS[workload];
  assert.ok(run);
  return new VirtualBench({
    workload: run,
    setting: SETTINGS.messages,
    names,
    latencyMs: 10,
    seed: 1,
  });
}

const THREE = ["n0", "n1", "n2"];

test("init is answered once all nodes met; before it, requests are put off", () => {
  const three = bench("broadcast", THREE);
  assert.equal(three.ask("n0", { type: "read" })?.code, 11);
  three.replies.length = 0;
  for (const name of THREE) three.ask(name, { type: "init", node_id: name, node_ids: THREE });
  assert.equal(three.replies.length, 0);
  three.scheduler.runFor(4_000);
  assert.deepEqual(
    three.replies.map(({ type }) => type),
    ["init_ok", "init_ok", "init_ok"],
  );
});

test("init is answered in time also where no other node ever starts", () => {
  const three = bench("broadcast", ["n0"]);
  three.ask("n0", { type: "init", node_id: "n0", node_ids: THREE });
  three.scheduler.runFor(5_100);
  assert.equal(three.replies[0]?.type, "init_ok");
});

test("what one node is told all nodes read, also what was told while they were cut", () => {
  const three = bench("broadcast", THREE);
  three.init();
  assert.equal(three.ask("n0", { type: "topology", topology: {} })?.type, "topology_ok");
  assert.equal(three.ask("n0", { type: "broadcast", message: 7 })?.type, "broadcast_ok");
  three.scheduler.runFor(1_000);
  three.grudge = new Map(THREE.map((name) => [name, new Set(THREE)]));
  three.ask("n1", { type: "broadcast", message: { a: [null] } });
  three.scheduler.runFor(15_000);
  assert.deepEqual(three.ask("n2", { type: "read" })?.messages, [7]);
  three.grudge = new Map();
  three.scheduler.runFor(10_000);
  for (const name of THREE) {
    const messages = three.ask(name, { type: "read" })?.messages as unknown[];
    assert.deepEqual(new Set(messages.map((one) => JSON.stringify(one))).size, 2);
  }
});

test("a g-set and the counters read as their workload says", () => {
  const set = bench("g-set", ["n0", "n1"]);
  set.init();
  for (const element of [1, "1", 1]) set.ask("n0", { type: "add", element });
  set.scheduler.runFor(1_000);
  assert.deepEqual(set.ask("n1", { type: "read" })?.value, [1, "1"]);
  const counter = bench("pn-counter", ["n0", "n1"]);
  counter.init();
  assert.equal(counter.ask("n0", { type: "read" })?.value, 0);
  for (const delta of [5, -7]) counter.ask("n0", { type: "add", delta });
  counter.ask("n1", { type: "add", delta: 1 });
  counter.scheduler.runFor(1_000);
  assert.equal(counter.ask("n0", { type: "read" })?.value, -1);
  assert.equal(counter.ask("n1", { type: "read" })?.value, -1);
});

test("what can't be done is refused with the protocol's number, and the node lives on", () => {
  const three = bench("g-counter", ["n0"]);
  three.init();
  const codeOf = (body: object) => three.ask("n0", body)?.code;
  assert.equal(codeOf({ type: "generate" }), 10);
  assert.equal(codeOf({ type: "add", delta: -1 }), 12);
  assert.equal(codeOf({ type: "add", delta: 2 ** 53 }), 12);
  assert.equal(codeOf({ type: "add" }), 12);
  three.ask("n0", { type: "add", delta: Number.MAX_SAFE_INTEGER });
  assert.equal(codeOf({ type: "add", delta: 1 }), 14);
  assert.equal(codeOf({ type: "init", node_id: "n0", node_ids: ["n0"] }), 14);
  for (const line of ["", "{", "[]", "null", '{"src":1}', '{"src":"n9","dest":"n0","body":{}}']) {
    three.tell("n0", line);
  }
  assert.equal(three.servers.get("n0")?.unread, 6);
  for (const link of [undefined, 5]) {
    for (const type of ["link_open", "link_opened", "link_frames"]) {
      const body = { type, link, frames: ["AAAA", 7] };
      three.tell("n0", JSON.stringify({ src: "n9", dest: "n0", body }));
      three.tell("n0", JSON.stringify({ src: "n0", dest: "n0", body }));
    }
  }
  assert.equal(three.ask("n0", { type: "read" })?.value, Number.MAX_SAFE_INTEGER);
});
