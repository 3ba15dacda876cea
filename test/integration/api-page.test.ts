import assert from "node:assert/strict";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { ok } from "../../src/base/result.ts";
import type { PlanSide } from "../../src/node/read-side.ts";
import type { PlanPicture, PlanPlace } from "../../src/office/plan.ts";
import { FakeOffice, node } from "./api-fake-office.ts";
import { ask, assertProblem, LiveReader, serve, until } from "./api-harness.ts";

const json = { "content-type": "application/json" };
const staticDir = join(fileURLToPath(new URL("../../../", import.meta.url)), "dashboard");

class FakePlan implements PlanSide {
  readonly placed = new Map<string, PlanPlace>();
  drawn: PlanPicture | undefined;
  places = () => this.placed;
  picture = () => this.drawn;

  place(room: string, at: PlanPlace | undefined) {
    if (at === undefined) this.placed.delete(room);
    else this.placed.set(room, at);
    return ok(undefined);
  }

  draw(picture: PlanPicture) {
    this.drawn = picture;
    return ok(undefined);
  }
}

test("rooms are placed, taken off, and the picture is shown and no more", async (context) => {
  const plan = new FakePlan();
  const { port } = await serve(context, { office: Object.assign(new FakeOffice(), { plan }) });
  const put = (path: string, document: unknown) =>
    ask(port, path, { method: "PUT", headers: json, body: JSON.stringify(document) });
  assert.deepEqual((await ask(port, "/v1/plan")).json(), { picture: null, places: {} });
  const lab = { x: 0.5, y: 0.25 };
  assert.deepEqual((await put("/v1/plan", { places: { lab, hall: lab } })).json()["places"], {
    lab,
    hall: lab,
  });
  const without = await put("/v1/plan", { places: { hall: null } });
  assert.deepEqual(without.json()["places"], { lab });
  for (const wrong of [{ lab: { x: 2, y: 0 } }, { "no room": lab }, { lab: { x: 0 } }]) {
    assertProblem(await put("/v1/plan", { places: wrong }), 400, /send \{"places"/);
  }
  assertProblem(await ask(port, "/v1/plan/picture"), 404, /PUT one/);
  const svg = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
  const data = Buffer.from(svg).toString("base64");
  assert.equal((await put("/v1/plan/picture", { type: "image/svg+xml", data })).status, 204);
  const shown = await ask(port, "/v1/plan/picture");
  assert.equal(shown.text, svg);
  assert.match(String(shown.headers["content-security-policy"]), /default-src 'none'.*sandbox/);
  assertProblem(await put("/v1/plan/picture", { type: "text/html", data }), 400, /types: /);
  const large = Buffer.alloc(48_001).toString("base64");
  assertProblem(await put("/v1/plan/picture", { type: "image/png", data: large }), 413, /48000/);
});

test("only the pages of the mesh's own nodes may follow from elsewhere", async (context) => {
  const office = new FakeOffice();
  office.nodeList = [
    node(1, "kitchen-pi"),
    node(2, "hall-pi", { state: "silent" }),
    node(3, "old-pi", { state: "retired" }),
    node(4, "evil-pi", { api: ["http://x; script-src *", "http://a b:1"] }),
  ];
  const { port } = await serve(context, { office, staticDir });
  const opens = async (origin: string) => {
    const headers = { origin, "sec-fetch-site": "cross-site" };
    const reader = new LiveReader(port, headers);
    await until("an answer", () => reader.refusedWith !== undefined || reader.messages.length > 0);
    reader.socket.terminate();
    return reader.refusedWith ?? "told";
  };
  assert.equal(await opens("http://192.0.2.2:8080"), "told");
  assert.equal(await opens("http://hall-pi.local:8080"), "told");
  for (const origin of [
    "http://192.0.2.3:8080",
    "http://192.0.2.2:8081",
    "https://192.0.2.2:8080",
    "http://192.0.2.2",
    "http://hall-pi.example:8080",
    "http://192.0.2.2:8080.example",
    "null",
  ]) {
    assert.equal(await opens(origin), 403, origin);
  }
  // Its reads and writes stay closed to it.
  const headers = { origin: "http://192.0.2.2:8080", ...json };
  const body = JSON.stringify({ sensor: "climate", kind: "temperature", value: 1 });
  assertProblem(await ask(port, "/v1/readings", { method: "POST", headers, body }), 403, /site/);
  const { "access-control-allow-origin": allowed } = (await ask(port, "/v1/rooms", { headers }))
    .headers;
  assert.equal(allowed, undefined);
  // The page itself may turn to nodes that live, and to nothing that is no address.
  const policy = String((await ask(port, "/")).headers["content-security-policy"]);
  assert.match(policy, /; connect-src 'self' ws:\/\/192\.0\.2\.1:8080$/);
});

test("in capability mode another node's page is told nobody's name", async (context) => {
  const office = new FakeOffice();
  office.nodeList = [node(1, "kitchen-pi")];
  const seen = { hostname: undefined, seenBy: [], atWallMs: 0, ageMs: 1 };
  office.devices = [{ mac: "02:00:00:00:00:01", ip: "192.0.2.7", ips: ["192.0.2.7"], ...seen }];
  const { port } = await serve(context, { office, read: "capability" });
  const own = new LiveReader(port);
  assert.ok(Array.isArray((await own.message(0))["network"]));
  assert.equal(((await own.message(0))["network"] as unknown[]).length, 1);
  const other = new LiveReader(port, { origin: "http://192.0.2.1:8080" });
  assert.deepEqual((await other.message(0))["network"], []);
  own.socket.terminate();
  other.socket.terminate();
});
