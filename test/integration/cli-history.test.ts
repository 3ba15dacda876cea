import assert from "node:assert/strict";
import test from "node:test";
import { fakeNode, run } from "./cli-harness.ts";

const PATH = "/v1/history?room=lab&kind=temperature&from=-7200s&step=600";
const at = (minutes: number) => new Date(Date.UTC(2026, 10, 21, 8, minutes)).toISOString();
const SERIES = {
  room: "lab",
  kind: "temperature",
  unit: "degC",
  from: at(0),
  to: at(120),
  step_s: 600,
  points: [0, 1, 2, 3, 7, 8, 9, 10, 11].map((step) => [at(10 * step), 20 + step, 19, 32]),
};
const CSV = "time,mean (degC),min (degC),max (degC)\r\n2026-11-21T08:00:00.000Z,20,19,32\r\n";
const ARGS = ["history", "lab", "temperature", "--since", "2h", "--step", "10min"];

test("history is drawn with its gap, its bounds and its times", async (context) => {
  const { url, asked } = await fakeNode(context, { [PATH]: SERIES });
  const env = { TZ: "UTC", LANG: "C.UTF-8" };
  const drawn = await run([...ARGS, "--node", url], env);
  assert.equal(drawn.code, 0, drawn.stderr);
  const lines = drawn.stdout.split("\n");
  assert.equal(lines[0], "lab  temperature  31 °C  (19 °C to 32 °C)");
  assert.match(lines[1] ?? "", /^31 °C {10,}.*█$/);
  assert.match(lines[8] ?? "", /^20 °C ▁[▁-█]{3}···█{5}$/);
  assert.match(lines[9] ?? "", /^ {6}08:00 +10:00$/);
  const plain = await run([...ARGS, "--node", url], { TZ: "UTC", LANG: "C" });
  assert.match(plain.stdout, /---#####/);
  assert.deepEqual(new Set(asked), new Set([PATH]));
});

test("history as JSON and as CSV is what the node said", async (context) => {
  const { url } = await fakeNode(context, {
    [PATH]: (request: { headers: { accept?: string } }, response: { end(text: string): void }) =>
      response.end(request.headers.accept === "text/csv" ? CSV : JSON.stringify(SERIES)),
  });
  const json = await run([...ARGS, "--json", "--node", url]);
  assert.deepEqual(JSON.parse(json.stdout), SERIES);
  assert.equal((await run([...ARGS, "--csv", "--node", url])).stdout, CSV);
});

test("history of nothing says so, and of yes and no how much was yes", async (context) => {
  const empty = await fakeNode(context, { [PATH]: { ...SERIES, points: [] } });
  const said = await run([...ARGS, "--node", empty.url]);
  assert.match(said.stdout, /^lab {2}temperature\nNo reading from 2026-11-21T08:00.*\n$/);
  const path = PATH.replace("temperature", "motion");
  const points = [[at(0), 0.25, 0, 1]];
  const motion = await fakeNode(context, {
    [path]: { ...SERIES, kind: "motion", unit: "boolean", points },
  });
  const args = ARGS.map((word) => (word === "temperature" ? "motion" : word));
  const drawn = await run([...args, "--node", motion.url]);
  assert.match(drawn.stdout, /^lab {2}motion {2}25 % {2}\(0 % to 100 %\)/);
});
