import assert from "node:assert/strict";
import test from "node:test";
import type { SegmentDocument } from "../../src/api/types.ts";
import { until } from "./lan.ts";
import { type TimedNode, timedOffice } from "./timed-office.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A midnight, so that days of history are days of the test. */
const START_MS = Date.UTC(2026, 2, 1);
const STEP_MS = 10 * MINUTE_MS;
const MEET_MS_MAX = 60_000;
/** What a node may take that comes back after a day. */
const CAUGHT_UP_MS_MAX = 60_000;

/** Lets time go by in an office, a reading of each node in every step. */
async function live(nodes: readonly TimedNode[], fromMs: number, toMs: number): Promise<void> {
  for (let wallMs = fromMs; wallMs < toMs; wallMs += STEP_MS) {
    await Promise.all(nodes.map((node) => node.tell(wallMs)));
    const wave = 5 * Math.sin((2 * Math.PI * wallMs) / DAY_MS) + ((wallMs / STEP_MS) % 2);
    for (const [at, node] of nodes.entries()) {
      assert.equal(await node.push(Math.round(10 * (20 + at + wave)) / 10), 202);
    }
  }
}

async function hashes(node: TimedNode, room: string): Promise<readonly string[]> {
  const path = `/v1/history/segments?room=${room}&kind=temperature`;
  const all = (await node.get<SegmentDocument[]>(path)) ?? [];
  return all
    .filter(({ sealed }) => sealed)
    .map(({ tier, start, sha256 }) => `${tier} ${start} ${sha256}`);
}

test("a node that was off for a day shows that day as its peers do", async (context) => {
  const more = { history: { keep: "all" } };
  const nodes = await timedOffice(context, ["lab", "hall", "attic"], more);
  const [lab, hall, attic] = nodes as [TimedNode, TimedNode, TimedNode];
  for (const node of nodes) await node.start(START_MS);
  const knows = async (node: TimedNode) => (await node.get<unknown[]>("/v1/nodes"))?.length === 3;
  await until(
    async () => (await Promise.all(nodes.map(knows))).every(Boolean),
    MEET_MS_MAX,
    "all meet",
  );
  const goneMs = START_MS + 2 * HOUR_MS;
  await live(nodes, START_MS, goneMs);
  await attic.end("SIGKILL");
  const backMs = goneMs + DAY_MS;
  await live([lab, hall], goneMs, backMs);
  await until(async () => (await hashes(lab, "lab")).length >= 25, MEET_MS_MAX, "a day is closed");

  await attic.start(backMs);
  const charts = (room: string) =>
    Promise.all(nodes.map((node) => node.chart(room, START_MS, backMs, "10m")));
  const probe = setTimeout(async () => {
    for (const room of ["lab", "hall"]) {
      const all = await charts(room);
      console.log(room, all.map((one) => JSON.parse(one).length), all.map((one) => one.slice(0, 200)+" ... "+one.slice(-100)));
      for (const node of nodes) {
        console.log(node.name, await node.get(`/v1/history/segments?room=${room}&kind=temperature`).then((x) => (x as any[]).length+" "+(x as any[]).map((y) => (y.sealed?"s":"o")+y.tier[0]+y.start.slice(8,13))), node.log.slice(-600));
      }
    }
  }, 20000);
  const tookMs = await until(
    async () => {
      for (const room of ["lab", "hall"]) {
        const [first = "", ...others] = await charts(room);
        if (JSON.parse(first).length < 156 || others.some((other) => other !== first)) return false;
      }
      return true;
    },
    CAUGHT_UP_MS_MAX,
    "the same chart of the day",
  );
  context.diagnostic(`the same chart after ${tookMs} ms`);
  await until(
    async () => {
      const [first = [], ...others] = await Promise.all(nodes.map((node) => hashes(node, "lab")));
      return first.length >= 26 && others.every((other) => other.join() === first.join());
    },
    CAUGHT_UP_MS_MAX,
    "the same hashes",
  );
  console.log(tookMs, (await hashes(lab, "lab")).length);
});
