import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import test from "node:test";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { silentLog } from "../../src/base/log.ts";
import { ManualClock, SECOND_MS } from "../../src/base/time.ts";
import { ownDoor, selfCheck } from "../../src/service/self-check.ts";
import { Service } from "../../src/service/service.ts";
import { Watchdog } from "../../src/service/watchdog.ts";

const SPAN_MS = 60 * SECOND_MS;
const ANSWER_MS_MAX = 300;

function supervised(check: () => Promise<string | undefined> = async () => undefined) {
  const clock = new ManualClock();
  const timers = new ManualTimers(clock);
  const told: string[] = [];
  const supervisor = {
    watchdogMs: SPAN_MS,
    tell: async (...assignments: readonly string[]) => void told.push(...assignments),
  };
  const parts = { supervisor, clock, timers, log: silentLog, check };
  const pass = async (spanMs: number) => {
    timers.advance(spanMs);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { clock, told, parts, pass };
}

const alive = (told: readonly string[]) => told.filter((one) => one === "WATCHDOG=1").length;

test("a node that is well says so three times in the watchdog's span", async () => {
  const { told, parts, pass } = supervised();
  const watchdog = new Watchdog(parts);
  watchdog.start();
  await pass(SPAN_MS);
  assert.equal(alive(told), 3);
  watchdog.stop();
  await pass(SPAN_MS);
  assert.equal(alive(told), 3, "told after the end");
});

test("a check that fails is told by silence and a reason, and what passed by silence's end", async () => {
  let trouble: string | undefined = "the API does not answer";
  const { told, parts, pass } = supervised(async () => trouble);
  new Watchdog(parts).start();
  await pass(SPAN_MS);
  assert.deepEqual(told, ["STATUS=not well: the API does not answer"]);
  trouble = undefined;
  await pass(SPAN_MS / 3);
  assert.deepEqual(told.slice(1), ["WATCHDOG=1", "STATUS=well again"]);
});

test("a check that never ends keeps the node silent", async () => {
  const { told, parts, pass } = supervised(() => new Promise(() => {}));
  new Watchdog(parts).start();
  await pass(SPAN_MS);
  assert.deepEqual(told, []);
});

test("an event loop that stood still for long is not told of as well", async () => {
  const { clock, told, parts, pass } = supervised();
  new Watchdog(parts).start();
  await pass(SPAN_MS / 3 - 1);
  // The clock went on and no timer fired.
  clock.advance(14 * SECOND_MS);
  await pass(1);
  assert.deepEqual(told, ["STATUS=not well: the event loop stood still for 14 s"]);
  await pass(SPAN_MS / 3);
  assert.equal(alive(told), 1);
});

test("no watchdog is fed where none is asked for", async () => {
  const { told, parts, pass } = supervised();
  const supervisor = { ...parts.supervisor, watchdogMs: undefined };
  new Watchdog({ ...parts, supervisor }).start();
  await pass(SPAN_MS);
  assert.deepEqual(told, []);
});

test("who waits for a person to let it in is ready after a while, and says what for", async () => {
  const { told, parts, pass } = supervised();
  const service = new Service({ ...parts, monotonicUs: () => 7n });
  service.waiting("run: watercooler admit AB12");
  await pass(10 * SECOND_MS);
  assert.deepEqual(told, ["STATUS=run: watercooler admit AB12"]);
  await pass(10 * SECOND_MS);
  assert.ok(told.includes("READY=1"));
  await service.stopping();
});

test("a reload carries the moment of its beginning, and no status has two lines", async () => {
  const { told, parts } = supervised();
  const service = new Service({ ...parts, monotonicUs: () => 1_234_567n });
  service.reloading();
  assert.deepEqual(told.slice(0, 2), ["RELOADING=1", "MONOTONIC_USEC=1234567"]);
  service.ready("one\nREADY=0");
  assert.equal(told.at(-1), "STATUS=one READY=0");
  await service.stopping();
  assert.ok(told.includes("STOPPING=1"));
});

test("the self-check knows a store that nobody writes to, and a full one from that", async () => {
  const clock = new ManualClock();
  const vitals = { clock, doors: [], answerMsMax: ANSWER_MS_MAX };
  clock.advance(31 * SECOND_MS);
  assert.match((await selfCheck({ ...vitals, storeAskedMs: () => 0 })) ?? "", /store for 31 s/);
  assert.equal(await selfCheck({ ...vitals, storeAskedMs: () => 5 * SECOND_MS }), undefined);
});

test("the self-check takes any answer of the API, and neither silence nor a closed door", async () => {
  const clock = new ManualClock();
  const ask = (server: Server) => {
    const { port } = server.address() as AddressInfo;
    const doors = ownDoor("http", "127.0.0.1:0", [`127.0.0.1:${port}`]);
    return selfCheck({ clock, storeAskedMs: () => 0, doors, answerMsMax: ANSWER_MS_MAX });
  };
  const served = async (answer: (status: number) => number | undefined) => {
    const server = createServer((_request, response) => {
      const status = answer(503);
      if (status !== undefined) response.writeHead(status).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return server;
  };
  const degraded = await served((status) => status);
  const mute = await served(() => undefined);
  assert.equal(await ask(degraded), undefined);
  assert.match((await ask(mute)) ?? "", /does not answer on port \d+ \(no answer\)/);
  const { port } = degraded.address() as AddressInfo;
  for (const server of [degraded, mute]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  const doors = ownDoor("http", "0.0.0.0:1", [`192.0.2.7:${port}`]);
  const closed = await selfCheck({ clock, storeAskedMs: () => 0, doors, answerMsMax: 5_000 });
  assert.match(closed ?? "", /ECONNREFUSED/);
});

test("the API is asked where it was bound, and not where that address is lost", async () => {
  assert.deepEqual(ownDoor("http", "[::]:0", ["[fe80::1]:8081"]), [
    { scheme: "http", host: "::1", port: 8_081 },
  ]);
  assert.deepEqual(ownDoor("https", "[fe80::1%eth0]:1", ["[fe80::1]:8443"]), [
    { scheme: "https", host: "fe80::1%eth0", port: 8_443 },
  ]);
  assert.deepEqual(ownDoor("http", "", []), []);
  const doors = ownDoor("http", "192.0.2.7:80", ["192.0.2.7:80"]);
  const clock = new ManualClock();
  assert.equal(
    await selfCheck({ clock, storeAskedMs: () => 0, doors, answerMsMax: ANSWER_MS_MAX }),
    undefined,
  );
});
