import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import type { SegmentDocument, SelfDocument } from "../../src/api/types.ts";
import type { NodeId } from "../../src/base/id.ts";
import { COPIES, holdersOf } from "../../src/history/holders.ts";
import { until } from "../integration/lan.ts";
import { type TimedNode, timedOffice } from "../integration/timed-office.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const START_MS = Date.UTC(2026, 2, 1);
const NAMES = ["attic", "den", "hall", "kitchen", "lab", "porch"];
const DAYS = 5;
/** Minutes of these days are older than what everybody keeps: as long as readings, and a day. */
const OLD_DAYS = DAYS - 3;
const MEET_MS_MAX = 120_000;
const SETTLE_MS_MAX = 300_000;

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash("sha256").update(bytes).digest());

/** A reading of each node an hour. */
async function live(nodes: readonly TimedNode[], fromMs: number, toMs: number): Promise<void> {
  for (let wallMs = fromMs; wallMs < toMs; wallMs += HOUR_MS) {
    await Promise.all(nodes.map((node) => node.tell(wallMs)));
    const hour = wallMs / HOUR_MS;
    await Promise.all(
      nodes.map(async (node, at) => {
        assert.equal(await node.push(18 + at + (hour % 5) + (hour % 2) / 2), 202);
      }),
    );
  }
}

/** Who holds which of a room's old days of minutes: the hash of each, by day and node. */
async function copiesOf(room: string, nodes: readonly TimedNode[]) {
  const path = `/v1/history/segments?room=${room}&kind=temperature`;
  const days = new Map<string, Map<string, string>>();
  for (const node of nodes) {
    for (const { tier, start, sha256, sealed } of (await node.get<SegmentDocument[]>(path)) ?? []) {
      const day = Math.floor((Date.parse(start) - START_MS) / DAY_MS);
      if (tier !== "minute" || !sealed || day >= OLD_DAYS) continue;
      days.set(start, (days.get(start) ?? new Map()).set(node.name, sha256));
    }
  }
  return days;
}

/** Waits until each old day of each room lies with its origin and its holders, and nobody else. */
async function settle(known: ReadonlyMap<string, NodeId>, nodes: readonly TimedNode[]) {
  const running = nodes.filter(({ isRunning }) => isRunning);
  const meant = (room: string) => {
    const origin = known.get(room);
    assert.ok(origin);
    const ids = [origin, ...holdersOf(origin, [...known.values()], sha256)];
    return running.filter(({ name }) => ids.includes(known.get(name) ?? origin));
  };
  let seen: readonly string[] = [];
  const isSettled = async () => {
    const all = await Promise.all(
      [...known.keys()].map(async (room) => {
        const names = meant(room).map(({ name }) => name);
        const days = [...(await copiesOf(room, running)).values()];
        seen = days.map((copies) => `${room}: ${[...copies.keys()]} for ${names}`);
        const agree = days.every((copies) => new Set(copies.values()).size === 1);
        const held = days.every((copies) => [...copies.keys()].join() === names.join());
        return days.length === OLD_DAYS && agree && held;
      }),
    );
    return all.every(Boolean);
  };
  try {
    const tookMs = await until(isSettled, SETTLE_MS_MAX, "the copies");
    console.log(`${known.size * OLD_DAYS} days with their holders after ${Math.round(tookMs)} ms`);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${seen.join("; ")}`);
  }
}

test("each day is kept by its origin and three more, also after one of them is gone", async (t) => {
  const more = { history: { keep: "auto" } };
  const nodes = await timedOffice(t, NAMES, more);
  await Promise.all(nodes.map((node) => node.start(START_MS)));
  const knows = async (node: TimedNode) =>
    (await node.get<unknown[]>("/v1/nodes"))?.length === NAMES.length;
  const met = async () => (await Promise.all(nodes.map(knows))).every(Boolean);
  await until(met, MEET_MS_MAX, "all meet");
  const endMs = START_MS + DAYS * DAY_MS + 2 * HOUR_MS;
  await live(nodes, START_MS, endMs);
  const known = new Map<string, NodeId>();
  for (const node of nodes) {
    const self = await node.get<SelfDocument>("/v1/node");
    if (self !== undefined) known.set(node.name, self.id as NodeId);
  }
  await settle(known, nodes);

  const [attic, den] = nodes;
  assert.ok(attic !== undefined && den !== undefined);
  const days = [...(await copiesOf("den", nodes)).values()];
  const holder = nodes.find((node) => node !== den && node !== attic && days[0]?.has(node.name));
  const stranger = nodes.find(({ name }) => !days[0]?.has(name));
  assert.ok(holder !== undefined && stranger !== undefined && days[0]?.size === COPIES + 1);
  const chart = (node: TimedNode) => node.chart("den", START_MS, START_MS + DAY_MS, "1h");
  const theirs = await chart(den);
  assert.equal(JSON.parse(theirs).length, DAY_MS / HOUR_MS);
  const same = async () => (await chart(stranger)) === theirs;
  await until(same, MEET_MS_MAX, "who keeps no copy draws the same day");

  // Its origin is off and says nothing more: the copies come from those that are left.
  await Promise.all([den.end("SIGTERM"), holder.end("SIGKILL")]);
  const path = `${attic.api}/v1/nodes/${encodeURIComponent(known.get(holder.name) ?? "")}`;
  assert.equal((await fetch(path, { method: "DELETE" })).status, 200);
  known.delete(holder.name);
  await settle(known, nodes);
});
