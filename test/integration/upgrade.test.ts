import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { HistoryDocument, MeshDocument } from "../../src/api/types.ts";
import { until } from "./lan.ts";
import { NEXT_KEY, NEXT_WIRE } from "./next-wire.ts";
import { NodeProcess } from "./node-process.ts";
import { MEET_MS_MAX, Trio } from "./office-trio.ts";

const NEXT_PROGRAM = fileURLToPath(new URL("./next-wire-node.js", import.meta.url));
/** Of each node's log, where something failed. */
const LOG_CHARS_MAX = 1_000;

/** The same node, run by a later version of the program. */
function upgraded({ plan }: NodeProcess): NodeProcess {
  return new NodeProcess({ ...plan, prefix: [process.execPath, NEXT_PROGRAM] });
}

async function agreed(nodes: readonly NodeProcess[]): Promise<void> {
  const same = async () => {
    const meshes = await Promise.all(nodes.map((node) => node.get<MeshDocument>("/v1/mesh")));
    const [first] = meshes;
    return meshes.every((one) => one?.nodes === 3 && one.digest === first?.digest);
  };
  await until(same, MEET_MS_MAX, "all hold the same").catch((error: Error) => {
    const logs = nodes.map(({ plan, log }) => `${plan.name}: ${log.slice(-LOG_CHARS_MAX)}`);
    return assert.fail(`${error.message}\n${logs.join("\n")}`);
  });
}

/** Hands readings in, and remembers which of them a node took. */
class Readings {
  readonly taken = new Map<string, number[]>();
  private value = 10;
  private second = 0;

  async push(nodes: readonly NodeProcess[]): Promise<void> {
    await until(() => this.mayGo(), MEET_MS_MAX, "the next second");
    // Too far apart for any filter to leave one out.
    this.value += 1;
    for (const node of nodes) {
      if ((await node.push("box", this.value)) !== 202) continue;
      const { name } = node.plan;
      this.taken.set(name, [...(this.taken.get(name) ?? []), this.value]);
    }
  }

  /** One in a second: late ones make two in a step of a chart, its least and its greatest. */
  private mayGo(): boolean {
    const second = Math.floor(Date.now() / 1_000);
    const may = second !== this.second;
    this.second = second;
    return may;
  }
}

/** Every reading that was taken and that a node does not show. */
async function missing(node: NodeProcess, { taken }: Readings, from: Date): Promise<string> {
  const to = new Date(from.getTime() + 900_000).toISOString();
  const span = `from=${from.toISOString()}&to=${to}&step=1s`;
  const lost: string[] = [];
  for (const [room, values] of taken) {
    const path = `/v1/history?room=${room}&kind=temperature&${span}`;
    const points = (await node.get<HistoryDocument>(path))?.points ?? [];
    const shown = new Set(points.flatMap(([, , min, max]) => [min, max]));
    lost.push(...values.filter((value) => !shown.has(value)).map((value) => `${room} ${value}`));
  }
  return lost.join();
}

const unknownFrames = async (node: NodeProcess) =>
  Number(/frames_rejected_total\{reason="unknown"\} (\d+)/.exec(await node.text("/metrics"))?.[1]);
const wires = async (node: NodeProcess) =>
  new Set((await node.get<MeshDocument>("/v1/mesh"))?.links.map(({ wire }) => wire));

test("a mesh is upgraded one node at a time, with two wire versions in it", async (t) => {
  const from = new Date(Math.floor(Date.now() / 1_000) * 1_000);
  const trio = await Trio.start(t);
  const [oldA, oldB, oldC] = trio.nodes as [NodeProcess, NodeProcess, NodeProcess];
  const [a, b, c] = [upgraded(oldA), upgraded(oldB), upgraded(oldC)];
  t.after(() => Promise.all([a, b, c].map((node) => node.end("SIGKILL"))));
  const readings = new Readings();
  const idA = (await oldA.get<MeshDocument>("/v1/mesh"))?.self ?? "";
  await readings.push(trio.nodes);

  await t.test("the first of the new version and the old ones understand each other", async () => {
    await oldA.end("SIGTERM");
    await readings.push([oldB, oldC]);
    a.start();
    await agreed([a, oldB, oldC]);
    await readings.push([a, oldB, oldC]);
    await until(() => a.log.includes(`holds ${NEXT_KEY} of ${idA}`), MEET_MS_MAX, "its new entry");
    await agreed([a, oldB, oldC]);
    assert.deepEqual([...(await wires(a))], [1]);
    for (const node of [oldB, oldC]) {
      await until(async () => (await unknownFrames(node)) > 0, MEET_MS_MAX, "new messages");
      assert.equal(await node.status("/v1/health"), 200);
    }
  });

  await t.test("an old one keeps what it does not know, and hands it on as it was", async () => {
    await Promise.all([a.end("SIGTERM"), oldB.end("SIGTERM")]);
    // All that this one knew is gone, but who it is: it has it from the old one alone.
    for (const file of readdirSync(b.plan.data)) {
      if (/\.db/.test(file)) rmSync(join(b.plan.data, file));
    }
    b.start();
    const holds = `holds ${NEXT_KEY} of ${idA}`;
    await until(() => b.log.includes(holds), MEET_MS_MAX, "the new entry, from an old node");
    a.start();
    await agreed([a, b, oldC]);
    await readings.push([a, b, oldC]);
    await until(async () => (await wires(a)).has(NEXT_WIRE), MEET_MS_MAX, "the new wire version");
    assert.deepEqual([...(await wires(oldC))], [1]);
  });

  await t.test("in the end all speak the new one, and no reading was lost", async () => {
    await oldC.end("SIGTERM");
    await readings.push([a, b]);
    c.start();
    await agreed([a, b, c]);
    await readings.push([a, b, c]);
    for (const node of [a, b, c]) {
      const isNew = async () => [...(await wires(node))].join() === String(NEXT_WIRE);
      await until(isNew, MEET_MS_MAX, `${node.plan.name} to speak the new version alone`);
      let lost = "";
      const whole = async () => {
        lost = await missing(node, readings, from);
        return lost === "";
      };
      const why = () => `readings at ${node.plan.name}: ${lost}`;
      await until(whole, MEET_MS_MAX, "all readings").catch((error: Error) =>
        assert.fail(`${error.message}; lost ${why()}`),
      );
    }
    assert.deepEqual(
      [...readings.taken].map(([, { length }]) => length),
      [5, 6, 5],
    );
  });
});
