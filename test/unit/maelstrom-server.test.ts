import assert from "node:assert/strict";
import test from "node:test";
import { SeededRandom } from "../../src/base/random.ts";
import { Server } from "../../src/maelstrom/server.ts";
import { SETTINGS } from "../../src/maelstrom/settings.ts";
import { WORKLOADS } from "../../src/maelstrom/workloads.ts";
import { Scheduler } from "../../src/sim/scheduler.ts";

type Reply = Readonly<Record<string, unknown>>;

/** Nodes on one virtual clock, with 10 ms between any two and none to the client. */
class Bench {
  readonly scheduler = new Scheduler();
  readonly replies: Reply[] = [];
  readonly servers = new Map<string, Server>();
  cut = false;
  private asked = 0;

  constructor(
    workload: keyof typeof WORKLOADS,
    readonly names: readonly string[],
  ) {
    const run = WORKLOADS[workload];
    assert.ok(run);
    for (const [at, name] of names.entries()) {
      const server = new Server({
        workload: run,
        setting: SETTINGS.messages,
        timing: {
          nowMs: () => this.scheduler.nowMs,
          wallMs: () => this.scheduler.nowMs,
          after: (spanMs, then) => {
            let isOff = false;
            this.scheduler.at(this.scheduler.nowMs + spanMs, () => {
              if (!isOff) then();
            });
            return () => {
              isOff = true;
            };
          },
        },
        random: new SeededRandom(at + 1),
        write: (line) => this.carry(line),
      });
      this.servers.set(name, server);
    }
  }

  init(): void {
    for (const name of this.names) {
      this.ask(name, { type: "init", node_id: name, node_ids: this.names });
    }
    this.scheduler.runFor(6_000);
    this.replies.length = 0;
  }

  /** Asks, and gives the answer that came at once, if one did. */
  ask(node: string, body: object): Reply | undefined {
    this.asked += 1;
    const count = this.replies.length;
    this.tell(
      node,
      JSON.stringify({ src: "c1", dest: node, body: { ...body, msg_id: this.asked } }),
    );
    return this.replies[count];
  }

  tell(node: string, line: string): void {
    this.servers.get(node)?.line(line);
  }

  private carry(line: string): void {
    const { dest, body } = JSON.parse(line) as { dest: string; body: Reply };
    if (dest.startsWith("c")) this.replies.push(body);
    else {
      this.scheduler.at(this.scheduler.nowMs + 10, () => {
        if (!this.cut) this.tell(dest, line);
      });
    }
  }
}

const THREE = ["n0", "n1", "n2"];

test("init is answered once all nodes met; before it, requests are put off", () => {
  const bench = new Bench("broadcast", THREE);
  assert.equal(bench.ask("n0", { type: "read" })?.code, 11);
  bench.replies.length = 0;
  for (const name of THREE) bench.ask(name, { type: "init", node_id: name, node_ids: THREE });
  assert.equal(bench.replies.length, 0);
  bench.scheduler.runFor(4_000);
  assert.deepEqual(
    bench.replies.map(({ type }) => type),
    ["init_ok", "init_ok", "init_ok"],
  );
});

test("init is answered in time also where no other node ever starts", () => {
  const bench = new Bench("broadcast", ["n0"]);
  bench.ask("n0", { type: "init", node_id: "n0", node_ids: THREE });
  bench.scheduler.runFor(5_100);
  assert.equal(bench.replies[0]?.type, "init_ok");
});

test("what one node is told all nodes read, also what was told while they were cut", () => {
  const bench = new Bench("broadcast", THREE);
  bench.init();
  assert.equal(bench.ask("n0", { type: "topology", topology: {} })?.type, "topology_ok");
  assert.equal(bench.ask("n0", { type: "broadcast", message: 7 })?.type, "broadcast_ok");
  bench.scheduler.runFor(1_000);
  bench.cut = true;
  bench.ask("n1", { type: "broadcast", message: { a: [null] } });
  bench.scheduler.runFor(15_000);
  assert.deepEqual(bench.ask("n2", { type: "read" })?.messages, [7]);
  bench.cut = false;
  bench.scheduler.runFor(10_000);
  for (const name of THREE) {
    const messages = bench.ask(name, { type: "read" })?.messages as unknown[];
    assert.deepEqual(new Set(messages.map((one) => JSON.stringify(one))).size, 2);
  }
});

test("a g-set and the counters read as their workload says", () => {
  const set = new Bench("g-set", ["n0", "n1"]);
  set.init();
  for (const element of [1, "1", 1]) set.ask("n0", { type: "add", element });
  set.scheduler.runFor(1_000);
  assert.deepEqual(set.ask("n1", { type: "read" })?.value, [1, "1"]);
  const counter = new Bench("pn-counter", ["n0", "n1"]);
  counter.init();
  assert.equal(counter.ask("n0", { type: "read" })?.value, 0);
  for (const delta of [5, -7]) counter.ask("n0", { type: "add", delta });
  counter.ask("n1", { type: "add", delta: 1 });
  counter.scheduler.runFor(1_000);
  assert.equal(counter.ask("n0", { type: "read" })?.value, -1);
  assert.equal(counter.ask("n1", { type: "read" })?.value, -1);
});

test("what can't be done is refused with the protocol's number, and the node lives on", () => {
  const bench = new Bench("g-counter", ["n0"]);
  bench.init();
  const codeOf = (body: object) => bench.ask("n0", body)?.code;
  assert.equal(codeOf({ type: "generate" }), 10);
  assert.equal(codeOf({ type: "add", delta: -1 }), 12);
  assert.equal(codeOf({ type: "add", delta: 2 ** 53 }), 12);
  assert.equal(codeOf({ type: "add" }), 12);
  bench.ask("n0", { type: "add", delta: Number.MAX_SAFE_INTEGER });
  assert.equal(codeOf({ type: "add", delta: 1 }), 14);
  assert.equal(codeOf({ type: "init", node_id: "n0", node_ids: ["n0"] }), 14);
  for (const line of ["", "{", "[]", "null", '{"src":1}', '{"src":"n9","dest":"n0","body":{}}']) {
    bench.tell("n0", line);
  }
  assert.equal(bench.servers.get("n0")?.unread, 6);
  for (const link of [undefined, 5]) {
    for (const type of ["link_open", "link_opened", "link_frames"]) {
      const body = { type, link, frames: ["AAAA", 7] };
      bench.tell("n0", JSON.stringify({ src: "n9", dest: "n0", body }));
      bench.tell("n0", JSON.stringify({ src: "n0", dest: "n0", body }));
    }
  }
  assert.equal(bench.ask("n0", { type: "read" })?.value, Number.MAX_SAFE_INTEGER);
});
