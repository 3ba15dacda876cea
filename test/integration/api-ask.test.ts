import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import test from "node:test";
import type { FactDocument } from "../../src/api/types.ts";
import { FakeOffice, idOf, node, reading, WALL_MS } from "./api-fake-office.ts";
import { ask, assertProblem, serve } from "./api-harness.ts";

const MAC = "02:00:00:00:00:01";
const outside = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === "IPv4" && !one.internal)?.address;

function office(): FakeOffice {
  const made = new FakeOffice();
  made.nodeList = [node(1, "kitchen-pi")];
  made.readingList = [reading({ kind: "temperature", ageMs: 3_260 })];
  const seen = { hostname: undefined, seenBy: [idOf(1)], atWallMs: WALL_MS, ageMs: 500 };
  made.devices = [{ mac: MAC, ip: "192.0.2.7", ips: ["192.0.2.7"], ...seen }];
  const said = { from: idOf(1), by: "kitchen-pi/climate", atWallMs: WALL_MS, ageMs: 500 };
  const kitchen = { ...said, entity: "room/kitchen", about: "things" } as const;
  made.factList = [
    { ...said, entity: `device/${MAC}`, attribute: "ip", value: "192.0.2.7", about: "people" },
    { ...kitchen, attribute: "co2", value: 600, unit: "ppm" },
    { ...kitchen, attribute: "temperature", value: 21.5, unit: "degC" },
  ];
  return made;
}

test("an answer has its intent, its age and its sources, where it rests on something", async (t) => {
  const { port } = await serve(t, { office: office() });
  assert.deepEqual((await ask(port, "/v1/ask?q=kitchen+temp")).json(), {
    answer: "Kitchen: temperature 21.5 degrees, 3 seconds ago, from kitchen-pi/climate.",
    intent: "reading",
    age_s: 3.3,
    sources: [idOf(1)],
  });
  const unknown = (await ask(port, "/v1/ask?q=blah+blah")).json();
  assert.deepEqual(Object.keys(unknown), ["answer", "intent"]);
});

test("what is no question is refused in words", async (t) => {
  const { port } = await serve(t, { office: office() });
  for (const query of ["", "?q=", "?q=%20", "?q=a&q=b", "?p=a", "?q=a&lang=pt"]) {
    assertProblem(await ask(port, `/v1/ask${query}`), 400, /one question as \?q=/);
  }
  assertProblem(await ask(port, `/v1/ask?q=${"x".repeat(241)}`), 400, /at most 240 characters/);
});

test("api.read: capability hides devices from other machines' questions", {
  skip: outside === undefined && "no address but loopback",
}, async (t) => {
  const { port } = await serve(t, { listen: "0.0.0.0:0", read: "capability", office: office() });
  const path = `/v1/ask?q=ip+of+${MAC}`;
  const own = await ask(port, path);
  assert.match(String(own.json()["answer"]), /192\.0\.2\.7/);
  const other = await ask(port, path, { host: outside ?? "" });
  assert.equal(other.status, 200);
  assert.match(String(other.json()["answer"]), /told only to those who may read it/);
  assert.doesNotMatch(other.text, /192\.0\.2\.7/);
  const facts = await ask(port, "/v1/facts", { host: outside ?? "" });
  assert.match(facts.text, /room\/kitchen/);
  assert.doesNotMatch(facts.text, /192\.0\.2\.7/);
  assert.match((await ask(port, "/v1/facts")).text, /192\.0\.2\.7/);
});

test("facts are found by entity and attribute", async (t) => {
  const { port } = await serve(t, { office: office() });
  const found = async (query: string) =>
    ((await ask(port, `/v1/facts${query}`)).json() as unknown as FactDocument[]).map(
      ({ entity, attribute }) => `${entity} ${attribute}`,
    );
  const all = [`device/${MAC} ip`, "room/kitchen co2", "room/kitchen temperature"];
  assert.deepEqual(await found(""), all);
  assert.deepEqual(await found("?entity=&attribute="), all);
  assert.deepEqual(await found("?entity=room/kitchen&attribute=co2"), ["room/kitchen co2"]);
  assert.deepEqual(await found("?attribute=ip"), [`device/${MAC} ip`]);
  assert.deepEqual(await found("?entity=room/cellar"), []);
  assertProblem(await ask(port, "/v1/facts?room=kitchen"), 400, /there are: entity, attribute/);
  assertProblem(await ask(port, "/v1/facts?entity=a&entity=b"), 400, /once/);
});
