import assert from "node:assert/strict";
import test from "node:test";
import { checkConfig } from "../../src/config/check.ts";
import * as yaml from "../../src/config/parse-yaml.ts";
import { survey } from "../../src/config/yaml-survey.ts";

/** The largest file that is read. */
const FILE_BYTES = 64 * 1024;
/** Each takes a twentieth of it where nothing else runs, and took 2 to 20 s once. */
const CPU_MS_MAX = 2_000;

const filled = (part: string, length = FILE_BYTES) => part.repeat(Math.floor(length / part.length));

function counted(part: (at: number) => string, length = FILE_BYTES): string {
  const parts: string[] = [];
  let left = length;
  for (let at = 0; part(at).length <= left; at++) {
    parts.push(part(at));
    left -= part(at).length;
  }
  return parts.join("");
}

const LONG = /over 5000 lines/;
const MUCH = /over 30000 words and signs/;
const MANY = /over 5000 values/;
const DEEP = /nested too deeply/;
const LIST = /a list is not allowed/;
const NO_YAML = /not YAML/;
const TWICE = /is there twice/;

/** As large as each may be, and as large as it may be to be read to its end. */
const sizes: readonly (readonly [name: string, text: string, says: RegExp])[] = [
  ["keys", counted((at) => `k${at}: 1\n`), LONG],
  ["4,000 keys", counted((at) => `k${at}: 1\n`, 36_000), /unknown key/],
  ["a flow mapping", `{${filled("a,")}}`, MUCH],
  ["a flow mapping of one key", `{${filled("a,", 16_000)}}`, TWICE],
  ["a flow mapping of keys", `{${counted((at) => `k${at}: 1, `, 30_000)}z: 1}`, /unknown key/],
  ["colons", filled(":\n"), LONG],
  ["5,000 colons", filled(":\n", 10_000), TWICE],
  ["aliases", `- &a x\n${filled("- *a\n", 20_000)}`, /over 50 uses of aliases/],
  ["aliases in one line", `[&a x,${filled("*a,", 20_000)}]`, /over 50 uses of aliases/],
  ["question marks", filled("? \n"), LONG],
  ["5,000 question marks", filled("? \n", 15_000), TWICE],
  ["lists for keys", filled("[a]: 1\n", 20_000), /a key must be a word/],
  ["empty lines", filled("\n"), LONG],
  ["brackets", filled("["), DEEP],
  ["closing brackets", filled("]", 29_000), NO_YAML],
  ["pairs of brackets", filled("[]", 20_000), NO_YAML],
  ["lists in one line", filled("- "), DEEP],
  ["lists", filled("-\n", 9_900), LIST],
  ["a staircase", counted((at) => `${" ".repeat(at)}a:\n`, FILE_BYTES), /unknown key/],
  ["anchors", counted((at) => `- &a${at} x\n`, 40_000), LIST],
  ["anchors in one line", filled("&a ", 40_000), NO_YAML],
  ["commas", `[${filled(",", 29_000)}]`, NO_YAML],
  ["mappings in a line", filled("a: b: c\n", 20_000), NO_YAML],
  ["long double quotes", `"${"a".repeat(FILE_BYTES - 2)}"`, /it must be a mapping/],
  ["long single quotes", `'${filled("a ")}'`, /it must be a mapping/],
  ["double quotes never closed", `a: "${"a".repeat(FILE_BYTES - 5)}`, NO_YAML],
  ["escapes", `"${filled("\\q")}"`, NO_YAML],
  ["tags", filled("- !a x\n", 30_000), /tags such as !secret/],
  ["values", `[${filled("a,", 16_000)}]`, MANY],
  ["what an alias stands for", `x: &a [${filled("7,", 200)}]\ny: [${filled("*a,", 147)}]`, MANY],
  [
    "filters that are none",
    `sensors: [{platform: push, name: a, temperature: {filters: [${filled("{},", 14_700)}]}}]`,
    /one filter such as/,
  ],
  ["sensors behind an alias", `x: &a [${filled("7,", 4_800)}]\nsensors: *a`, /x: unknown key/],
];

for (const [name, text, says] of sizes) {
  test(`a file full of ${name} is refused soon`, async () => {
    assert.ok(text.length <= FILE_BYTES + 10, String(text.length));
    const before = process.cpuUsage();
    const checked = await checkConfig("w.yaml", text);
    const { user, system } = process.cpuUsage(before);
    assert.ok(!checked.ok);
    assert.match(checked.error.join("\n"), says);
    const tookMs = (user + system) / 1_000;
    assert.ok(tookMs < CPU_MS_MAX, `${tookMs} ms`);
  });
}

/** Keys enough to take a quarter of a minute where each is compared with all before it. */
const KEY_COUNT = 40_000;
const LINEAR_MS_MAX = 5_000;

test("the time for keys grows with their number, not with its square", () => {
  const text = Array.from({ length: KEY_COUNT }, (_, at) => `k${at}: 1\n`).join("");
  const before = process.cpuUsage();
  const composed = yaml.composeText(`${text}k7: 1\n`, Number.POSITIVE_INFINITY);
  assert.ok(composed);
  const { wrongKeys } = survey(yaml, composed.document);
  const { user, system } = process.cpuUsage(before);
  assert.deepEqual(wrongKeys, [
    { offset: text.length, says: "k7 is there twice in one mapping: keep one" },
  ]);
  const tookMs = (user + system) / 1_000;
  assert.ok(tookMs < LINEAR_MS_MAX, `${tookMs} ms`);
});

test("errors in the text are made without stacks; those after it have theirs", () => {
  const limit = Error.stackTraceLimit;
  const [error] = yaml.composeText("[,,]", 100)?.document.errors ?? [];
  assert.ok(error);
  assert.doesNotMatch(error.stack ?? "", /\n\s+at /);
  assert.equal(Error.stackTraceLimit, limit);
});

test("a file at the limits is still read", async () => {
  const lines = "\n".repeat(4_990);
  assert.ok((await checkConfig("w.yaml", `node: { name: a }\n${lines}`)).ok);
  const filters = "[{ offset: -1.2 }, { delta: 0.5 }, { heartbeat: 5min }]";
  const sensor = (at: number) => `
  - platform: push
    name: climate-${at}
    room: room-${at % 12}
    update_interval: 30s
    temperature: { filters: ${filters} }`;
  const sensors = Array.from({ length: 256 }, (_, at) => sensor(at)).join("");
  const checked = await checkConfig("w.yaml", `sensors:${sensors}\n`);
  assert.ok(checked.ok, JSON.stringify(checked));
});
