import { hostname } from "node:os";
import { join } from "node:path";
import { type Config, completeConfig } from "../../src/config/config.ts";
import { readingKey, readingRecord } from "../../src/office/records.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { startNode } from "../../src/run-node.ts";
import type { Plan } from "../orders.ts";
import { serve } from "../serve.ts";

// The daemon with everything that it has on a Pi: TLS, signatures, SQLite, mDNS, history, HTTP.
// A write is a reading, as a sensor's would be; what is heard is what reached the replica.

const KEY = readingKey("bench", "temperature");
/** What the writer's index is told by: the room of its readings. */
const roomOf = (index: number) => `room-${index}`;

const clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };

function configOf(plan: Plan): Config {
  const around = { env: {}, hostname: hostname(), homedir: plan.folder };
  const listen = `${plan.address}:${plan.port}`;
  const file = {
    node: { name: `pi-${plan.index}`, room: roomOf(plan.index) },
    data: join(plan.folder, String(plan.index)),
    mesh: { listen },
    api: { listen: `${plan.address}:0` },
    sensors: [],
  };
  return completeConfig(file, around);
}

await serve(async (plan, heard) => {
  const log = {
    write: (level: string, message: string, fields = {}) => {
      if (level === "error") console.error(plan.index, message, fields);
    },
  };
  const { signal } = new AbortController();
  const started = await startNode(configOf(plan), { clock, log, version: "0.0.0", signal });
  if (!started.ok) throw new Error(started.error);
  const { node, counters } = started.value.core;
  const own = roomOf(plan.index);
  node.onEntries((entries: readonly Entry[]) => {
    for (const { key, value } of entries) {
      if (key !== KEY || value === undefined) continue;
      const reading = readingRecord.decode(value);
      if (!reading.ok || reading.value.room === own) continue;
      heard(Number(reading.value.room.slice("room-".length)), reading.value.value);
    }
  });
  return {
    write: (seq) => {
      const said = { value: seq, room: own, ageMs: 0, everyMs: 60_000 };
      const none = { simulated: undefined, restored: undefined };
      const rest = { wallMs: undefined, stillMs: undefined };
      node.write(KEY, readingRecord.encode({ ...said, ...none, ...rest }), "batched");
    },
    messages: () => counters.total("watercooler_frames_sent_total"),
  };
});
