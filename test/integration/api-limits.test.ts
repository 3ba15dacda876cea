import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { networkInterfaces } from "node:os";
import test from "node:test";
import WebSocket from "ws";
import { CONNECTIONS_PER_ADDRESS_MAX, REQUESTS_BURST_MAX } from "../../src/api/address-limits.ts";
import { FakeOffice, idOf } from "./api-fake-office.ts";
import { ask, assertProblem, serve, until } from "./api-harness.ts";

const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;
const skip = outside === undefined ? "this machine has no address beside loopback" : false;
const host = outside ?? "";

test("an address gets 64 connections; the next is told why, the others go on", {
  skip,
}, async (context) => {
  const { port } = await serve(context, { listen: "0.0.0.0:0" });
  const sockets: Socket[] = [];
  const open = () => {
    const socket = connect(port, host).on("error", () => {});
    sockets.push(socket);
    return socket;
  };
  context.after(() => {
    for (const socket of sockets) socket.destroy();
  });
  await Promise.all(
    Array.from({ length: CONNECTIONS_PER_ADDRESS_MAX }, () => once(open(), "connect")),
  );
  let got = "";
  open().on("data", (chunk) => {
    got += chunk;
  });
  await until("the refusal", () => got.endsWith("}\n"));
  assert.match(got, /^HTTP\/1\.1 429 /);
  assert.match(got, /too many connections from this address/);
  assert.equal((await ask(port, "/v1/rooms")).status, 200);
  sockets[0]?.destroy();
  let status = 0;
  const again = async () => {
    status = await ask(port, "/v1/rooms", { host }).then(
      (reply) => reply.status,
      () => 0,
    );
  };
  for (let tries = 0; status !== 200 && tries < 100; tries++) await again();
  assert.equal(status, 200);
  assert.match(
    (await ask(port, "/metrics")).text,
    /^watercooler_api_refused_total\{what="connections"\} [1-9]/m,
  );
});

test("an address that asks too often is told when to ask again", { skip }, async (context) => {
  const { port } = await serve(context, { listen: "0.0.0.0:0" });
  let refused = await ask(port, "/v1/node", { host });
  for (let at = 0; refused.status === 200 && at < REQUESTS_BURST_MAX * 20; at += 20) {
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => ask(port, "/v1/node", { host })),
    );
    refused = replies.find(({ status }) => status !== 200) ?? refused;
  }
  assertProblem(refused, 429, /ask less often/);
  assert.equal(refused.headers["retry-after"], "1");
  assert.equal((await ask(port, "/v1/node")).status, 200);
});

test("api.read: capability hides the network from other machines on the live socket", {
  skip,
}, async (context) => {
  const office = new FakeOffice();
  const seen = { hostname: undefined, seenBy: [idOf(1)], atWallMs: 0, ageMs: 500 };
  office.devices = [{ mac: "02:00:00:00:00:01", ip: "192.0.2.7", ips: ["192.0.2.7"], ...seen }];
  const { port } = await serve(context, { listen: "0.0.0.0:0", read: "capability", office });
  const first = async (at: string) => {
    const socket = new WebSocket(`ws://${at}:${port}/v1/live`);
    context.after(() => socket.terminate());
    const [data] = await once(socket, "message");
    return JSON.parse(String(data)) as { network: readonly unknown[]; rooms: readonly unknown[] };
  };
  const own = await first("127.0.0.1");
  const foreign = await first(host);
  assert.equal(own.network.length, 1);
  assert.deepEqual(foreign.network, []);
  assert.deepEqual(foreign.rooms.length, own.rooms.length);
});
