import assert from "node:assert/strict";
import test from "node:test";
import { scrapeTargets } from "../../src/api/prometheus.ts";
import { FakeOffice, idOf, node, reading } from "./api-fake-office.ts";
import { ask, assertProblem, serve } from "./api-harness.ts";

const labels = (name: string, number: number) => ({
  node_name: name,
  room: name.replace("-pi", ""),
  __meta_watercooler_id: idOf(number),
  __param_scope: "own",
});

test("every node with an API is one target, silent ones too", () => {
  const nodes = [
    node(1, "hall-pi"),
    node(2, "lab-pi", { state: "silent", api: ["http://[fd00::2]:8080", "http://10.0.0.2:8080"] }),
    node(3, "old-pi", { state: "retired" }),
    node(4, "mute-pi", { api: [] }),
    node(5, "odd-pi", { api: ["no URL"] }),
  ];
  assert.deepEqual(scrapeTargets(nodes, "elsewhere"), [
    { targets: ["192.0.2.1:8080"], labels: labels("hall-pi", 1) },
    { targets: ["[fd00::2]:8080"], labels: labels("lab-pi", 2) },
  ]);
});

test("HTTP comes before HTTPS, and a scheme's own port is said", () => {
  const both = node(1, "hall-pi", { api: ["https://10.0.0.1:8443", "http://10.0.0.1:80"] });
  const secure = node(2, "lab-pi", { api: ["https://10.0.0.2:443"] });
  assert.deepEqual(scrapeTargets([both, secure], "elsewhere"), [
    { targets: ["10.0.0.1:80"], labels: labels("hall-pi", 1) },
    { targets: ["10.0.0.2:443"], labels: { ...labels("lab-pi", 2), __scheme__: "https" } },
  ]);
});

test("what answers on loopback alone is told on the node's own machine only", () => {
  const api = ["http://127.0.0.1:8080", "http://[::1]:8080"];
  assert.deepEqual(scrapeTargets([node(1, "hall-pi", { api })], "elsewhere"), []);
  const [target] = scrapeTargets([node(1, "hall-pi", { api })], "here");
  assert.deepEqual(target?.targets, ["127.0.0.1:8080"]);
});

test("the targets come as JSON, and their scope leaves out what other nodes read", async (context) => {
  const office = new FakeOffice();
  const other = { node: idOf(2), sensor: "hall-pi/climate" };
  office.readingList = [
    reading({ kind: "temperature" }),
    reading({ kind: "temperature", ...other }),
  ];
  const { port } = await serve(context, { office });
  const found = await ask(port, "/v1/prometheus/targets");
  assert.equal(found.headers["content-type"], "application/json");
  const sensors = async (query: string) => {
    const { text } = await ask(port, `/metrics${query}`);
    return [...text.matchAll(/^watercooler_reading\{.*sensor="([^"]+)"/gm)].map(([, one]) => one);
  };
  assert.deepEqual(await sensors("?scope=own"), ["kitchen-pi/climate"]);
  assert.deepEqual(await sensors(""), ["kitchen-pi/climate", "hall-pi/climate"]);
  assertProblem(await ask(port, "/metrics?scope=all"), 400, /own or mesh/);
});
