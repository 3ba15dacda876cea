import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import test, { type TestContext } from "node:test";
import { until } from "./lan.ts";
import type { NodeProcess } from "./node-process.ts";
import { MEET_MS_MAX, Trio } from "./office-trio.ts";

/** Promised to whoever stops a node. */
const STOP_MS_MAX = 2_000;
/** Enough that a node that comes empty is not done at once. */
const TARGETS = 60;
const WRITES_AT_ONCE = 10;

/** Clients that hold on to the API in every way there is, and never let go by themselves. */
function clingTo(context: TestContext, api: string): Promise<readonly Socket[]> {
  const { hostname, port, host } = new URL(api);
  const asks = [
    // A live socket whose page does not answer a goodbye.
    `GET /v1/live HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n",
    // Half a head, half a body, an answer that nobody reads, and nothing at all.
    "GET /v1/rooms HTTP/1.1\r\nHo",
    `POST /v1/readings HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\n` +
      'Content-Length: 500\r\n\r\n{"sensor":',
    `GET /metrics HTTP/1.1\r\nHost: ${host}\r\n\r\n`.repeat(200),
    "",
  ];
  return Promise.all(
    asks.map(
      (text) =>
        new Promise<Socket>((resolve) => {
          const socket = connect(Number(port), hostname, () => {
            socket.pause();
            socket.write(text, () => resolve(socket));
          });
          socket.on("error", () => {});
          context.after(() => socket.destroy());
        }),
    ),
  );
}

async function writeMany(node: NodeProcess): Promise<void> {
  for (let done = 0; done < TARGETS; done += WRITES_AT_ONCE) {
    const some = Array.from({ length: WRITES_AT_ONCE }, (_, at) => `room-${done + at}`);
    const statuses = await Promise.all(
      some.map((room) => node.write("PUT", `/v1/targets/${room}/temperature`, { value: 21 })),
    );
    assert.ok(
      statuses.every((status) => status === 200),
      statuses.join(),
    );
  }
}

const has = async (node: NodeProcess, room: string) =>
  (await node.status(`/v1/targets/${room}/temperature`)) === 200;

test("a node that is held on to from all sides stops within two seconds", async (context) => {
  const { nodes } = await Trio.start(context);
  const [stopped, other, newcomer] = nodes;
  assert.ok(stopped !== undefined && other !== undefined && newcomer !== undefined);
  await writeMany(stopped);
  await newcomer.end("SIGKILL");
  rmSync(newcomer.plan.data, { recursive: true });
  const sockets = await clingTo(context, stopped.api ?? "");
  assert.equal(sockets.length, 5);
  // The newcomer has nothing yet: what it lacks is on its way when the signal comes.
  newcomer.start();
  await until(async () => newcomer.api !== undefined, MEET_MS_MAX, "the newcomer is up");
  const pushing = Array.from({ length: WRITES_AT_ONCE }, (_, at) => stopped.push("box", 20 + at));
  const acknowledged = await stopped.write("PUT", "/v1/targets/last/temperature", { value: 19 });
  assert.equal(acknowledged, 200);

  const startMs = performance.now();
  await stopped.end("SIGTERM");
  const tookMs = performance.now() - startMs;
  console.log(`# stopped after ${Math.round(tookMs)} ms`);
  await Promise.all(pushing);
  assert.equal(stopped.exitCode, 0, stopped.log);
  assert.ok(tookMs < STOP_MS_MAX, `${tookMs} ms\n${stopped.log}`);
  assert.doesNotMatch(stopped.log, /left before all was closed/);

  stopped.start();
  await until(() => has(stopped, "last"), MEET_MS_MAX, "what was acknowledged is there again");
  await until(() => has(newcomer, "last"), MEET_MS_MAX, "and with the newcomer");
  await until(() => has(other, "last"), MEET_MS_MAX, "and with the other");
});
