import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { metricsText, readingMetrics } from "../../src/api/metrics.ts";
import { processMetrics } from "../../src/api/process-figures.ts";
import { idOf, reading } from "../integration/api-fake-office.ts";

const NAME = String.raw`[a-zA-Z_:][a-zA-Z0-9_:]*`;
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const VALUE = String.raw`(?:NaN|[+-]Inf|-?\d+(?:\.\d+)?(?:e[+-]\d+)?)`;
const SAMPLE = new RegExp(`^${NAME}(?:\\{${LABEL}(?:,${LABEL})*\\})? ${VALUE}$`);
const HEAD = new RegExp(`^# (?:HELP ${NAME} .*|TYPE ${NAME} (?:counter|gauge))$`);

function assertReadable(text: string): void {
  assert.ok(text.endsWith("\n"));
  for (const line of text.slice(0, -1).split("\n")) {
    assert.ok(HEAD.test(line) || SAMPLE.test(line), `not Prometheus text: ${line}`);
  }
}

test("a reading has the contract's labels", () => {
  const text = metricsText(
    readingMetrics([
      reading({ kind: "motion", value: true }),
      reading({ kind: "temperature", simulated: true }),
    ]),
  );
  const labels = (kind: string) =>
    `{room="kitchen",kind="${kind}",sensor="kitchen-pi/climate",node="${idOf(1)}"}`;
  assert.ok(text.includes(`\nwatercooler_reading${labels("motion")} 1\n`), text);
  assert.ok(text.includes(`\nwatercooler_reading${labels("temperature")} 21.5\n`), text);
  assert.ok(text.includes(`\nwatercooler_reading_age_seconds${labels("temperature")} 2\n`));
  assert.ok(text.includes(`\nwatercooler_reading_simulated${labels("temperature")} 1\n`));
  assert.equal(text.includes(`simulated${labels("motion")}`), false);
  assertReadable(text);
});

test("whatever a label, a help text or a value is, the text stays readable", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string(), fc.double(), (label, help, value) => {
      const samples = [{ labels: { a: label, b: label }, value }];
      const text = metricsText([{ name: "x_total", help, type: "counter", samples }]);
      const lines = text.slice(0, -1).split("\n");
      assert.equal(lines.length, 3);
      assert.ok(SAMPLE.test(lines[2] ?? ""), text);
    }),
  );
});

test("quotes, backslashes and line breaks in a label are escaped", () => {
  const samples = [{ labels: { a: 'q"b\\s\nn' }, value: 1 }];
  const text = metricsText([{ name: "x", help: "h", type: "gauge", samples }]);
  assert.ok(text.endsWith(String.raw`x{a="q\"b\\s\nn"} 1` + "\n"), text);
});

test("two metrics of one name are told once", () => {
  const samples = [{ labels: {}, value: 1 }];
  const twice = { name: "x", help: "h", type: "gauge", samples } as const;
  assert.equal(metricsText([twice, twice]).match(/^x 1$/gm)?.length, 1);
});

test("the process tells its memory and CPU under everybody's names", () => {
  const text = metricsText(processMetrics());
  assertReadable(text);
  assert.match(text, /^process_resident_memory_bytes [1-9]\d+$/m);
  assert.match(text, /^# TYPE process_cpu_seconds_total counter$/m);
});
