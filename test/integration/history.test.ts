import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { SegmentDocument } from "../../src/api/types.ts";
import { until } from "./lan.ts";
import { type TimedNode, timedOffice } from "./timed-office.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A midnight, so that days of history are days of the test. */
const START_MS = Date.UTC(2026, 2, 1);
const STEP_MS = 20 * MINUTE_MS;
const MEET_MS_MAX = 60_000;
/** What a node may take that comes back after a day. */
const CAUGHT_UP_MS_MAX = 60_000;
/** Readings of a room in 26 hours; and its closed parts: 25 hours and one day of minutes. */
const STEPS = 26 * 3;
const CLOSED = 26;

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
  await Promise.all(nodes.map((node) => node.start(START_MS)));
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
  await until(
    async () => (await hashes(lab, "lab")).length === CLOSED,
    MEET_MS_MAX,
    "a day is closed",
  );

  await attic.start(backMs);
  const sameCharts = async () => {
    for (const room of ["lab", "hall"]) {
      const charts = nodes.map((node) => node.chart(room, START_MS, backMs, "20m"));
      const [first = "", ...others] = await Promise.all(charts);
      if (JSON.parse(first).length !== STEPS || others.some((other) => other !== first))
        return false;
    }
    return true;
  };
  const sameHashes = async () => {
    const [first = [], ...others] = await Promise.all(nodes.map((node) => hashes(node, "lab")));
    return first.length >= CLOSED && others.every((other) => other.join() === first.join());
  };
  const tookMs = await until(sameCharts, CAUGHT_UP_MS_MAX, "the same chart of the day");
  context.diagnostic(`the same chart ${Math.round(tookMs)} ms after the start`);
  await until(sameHashes, CAUGHT_UP_MS_MAX, "the same hashes");

  // One loses all it measured itself, another's card goes bad: the third has it.
  await Promise.all([lab.end("SIGKILL"), attic.end("SIGTERM")]);
  for (const end of ["", "-wal"]) rmSync(join(lab.data, `history.db${end}`), { force: true });
  const damaged = join(attic.data, "history.db");
  const bytes = readFileSync(damaged);
  writeFileSync(damaged, bytes.fill(0xa5, 0, bytes.length / 2));
  await Promise.all([lab.start(backMs), attic.start(backMs)]);
  await until(sameCharts, CAUGHT_UP_MS_MAX, "the same chart after both were lost");
  await until(sameHashes, CAUGHT_UP_MS_MAX, "the same hashes after both were lost");
  assert.match(attic.log, /history was damaged/);
  assert.ok(existsSync(`${damaged}.corrupt-1`));
});
