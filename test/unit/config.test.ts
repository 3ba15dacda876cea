import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { checkConfig } from "../../src/config/check.ts";
import { completeConfig, nameOf } from "../../src/config/config.ts";
import { parseDuration } from "../../src/config/duration.ts";
import { jsonSchema } from "../../src/config/json-schema.ts";
import { nearest } from "../../src/config/nearest.ts";

const AROUND = { env: {}, hostname: "Pi 3.local", homedir: "/home/pi" };
const EXAMPLE = fileURLToPath(new URL("../../../../watercooler.example.yaml", import.meta.url));

async function problems(text: string): Promise<readonly string[]> {
  const checked = await checkConfig("w.yaml", text);
  return checked.ok ? [] : checked.error;
}

const mistakes: readonly (readonly [text: string, ...says: RegExp[]])[] = [
  ["node: { nam: x }", /^w\.yaml:1: node\.nam: unknown key: did you mean name\?$/],
  ["node: { zz: 1 }", /^w\.yaml:1: node\.zz: unknown key: known here are name, room$/],
  ["a: 1\nb: 2", /^w\.yaml:1: a: unknown key/, /^w\.yaml:2: b: unknown key/],
  ["mesh:\n  active_view: 500", /^w\.yaml:2: mesh\.active_view: 500 .*from 2 to 20$/],
  ["mesh:\n  listen: 7946", /^w\.yaml:2: mesh\.listen: 7946 .*host:port/],
  ["mesh:\n  listen: ''", /^w\.yaml:2: mesh\.listen: "" .*host:port/],
  ["api:\n  listen: 0.0.0.0:99999", /^w\.yaml:2: api\.listen: .*or "" to turn it off$/],
  ["mesh:\n  discovery: dnssd", /^w\.yaml:2: mesh\.discovery: .*did you mean dns-sd\?$/],
  ["mesh:\n  peers: [pi]", /^w\.yaml:2: mesh\.peers\.0: "pi" .*host:port/],
  ["sensors:\n  - platform: bme28\n    name: a", /^w\.yaml:2: sensors\.0\.platform: .*mean bme280/],
  ["sensors:\n  - name: a", /^w\.yaml:2: sensors\.0\.platform: this key is missing/],
  ["sensors:\n  - 7", /^w\.yaml:2: sensors\.0: 7 .*a mapping with platform and name$/],
  [
    "sensors:\n  - platform: push\n    name: a\n    temperature:\n      filters: [{ ofset: 1 }]",
    /^w\.yaml:5: sensors\.0\.temperature\.filters\.0: .*did you mean offset\?$/,
  ],
  [
    "sensors:\n  - platform: push\n    name: a\n    temperature: { filters: [{ median: x }] }",
    /^w\.yaml:4: sensors\.0\.temperature\.filters\.0\.median: "x" .*from 1 to 3600$/,
  ],
  [
    "sensors:\n  - { platform: bme280, name: a, address: 0x90 }",
    /^w\.yaml:2: sensors\.0\.address: 144 .*from 0x08 to 0x77$/,
  ],
  [
    "sensors:\n  - { platform: push, name: a }\n  - { platform: push, name: a }",
    /^w\.yaml:3: sensors\.1\.name: "a" is there twice$/,
  ],
  ["neighbours:\n  keep: 24", /^w\.yaml:2: neighbours\.keep: 24 .*a span from 1min to 10y/],
  [
    "advice:\n  - { kind: temperature, say: x }",
    /^w\.yaml:2: advice\.0: .*above, below, above_target or below_target$/,
  ],
  [
    "advice:\n  - { kind: co2, above: 1, say: x, quiet: 9-5 }",
    /^w\.yaml:2: advice\.0\.quiet: "9-5" .*such as "22:00-07:00"/,
  ],
  [
    "advice:\n  - { kind: co2, above: 1, say: x, hysteresis: -1 }",
    /^w\.yaml:2: advice\.0\.hysteresis: -1 .*0 or more/,
  ],
  [
    "advice:\n  - { kind: co2, above_target: -1, say: x }",
    /^w\.yaml:2: advice\.0\.above_target: -1 .*0 or more/,
  ],
  ["occupancy:\n  reset: 4am", /^w\.yaml:2: occupancy\.reset: "4am" .*such as "04:00", or ""/],
  ["occupancy:\n  half_life: 5", /^w\.yaml:2: occupancy\.half_life: 5 .*a span from 10s to 1d/],
  ["mqtt: { url: broker }", /^w\.yaml:1: mqtt\.url: what stands there .*mqtt:\/\//],
  ["mqtt: { topic: a/+ }", /^w\.yaml:1: mqtt\.topic: "a\/\+" .*a topic without \+/],
  ["mqtt: { discovery: /ha }", /^w\.yaml:1: mqtt\.discovery: .*a topic without/],
  ["mqtt: { targets: never }", /^w\.yaml:1: mqtt\.targets: "never" .*one of write, read/],
  [
    "mqtt: { url: mqtt://a, username: u, password: x, password_file: y }",
    /^w\.yaml:1: mqtt: give only one of password, password_file, password_env$/,
  ],
  ["mqtt: { url: mqtt://a, password: x }", /^w\.yaml:1: mqtt: a password needs a username$/],
  ["influx: { url: 'a:8086' }", /^w\.yaml:1: influx\.url: what stands there .*a URL/],
  ["influx: { url: http://a }", /^w\.yaml:1: influx: give one of bucket, database$/],
  [
    "influx: { url: http://a, bucket: b, token: c, token_env: d }",
    /^w\.yaml:1: influx: give only one of token, token_file, token_env$/,
  ],
  [
    "announce:\n  - { to: webhok, url: http://a }",
    /^w\.yaml:2: announce\.0\.to: "webhok" .*one of webhook, .*did you mean webhook\?$/,
  ],
  [
    "announce:\n  - { to: ntfy, url: ntfy.sh/a }",
    /announce\.0\.url: what stands there .*https:\/\//,
  ],
  ["announce:\n  - { to: ntfy, url: http://a, kinds: [heat] }", /kinds\.0: "heat" .*one of temp/],
  ["announce:\n  - { to: slack }", /^w\.yaml:2: announce\.0\.to: chat\.slack is not configured$/],
  ["announce:\n  - { to: mqtt }", /^w\.yaml:2: announce\.0\.to: there is no broker: .*mqtt\.url$/],
  [
    "announce:\n  - { to: mqtt, url: mqtt://a, password: p }",
    /^w\.yaml:2: announce\.0\.to: a password needs a username$/,
  ],
  [
    "announce:\n  - { to: webhook, url: http://a, secret: x, secret_env: Y }",
    /^w\.yaml:2: announce\.0: give only one of secret, secret_file, secret_env$/,
  ],
  [
    "chat:\n  slack: { app_token: xapp-1 }",
    /^w\.yaml:2: chat\.slack: give one of bot_token, bot_token_file, bot_token_env$/,
  ],
  [
    "chat:\n  mattermost: { url: http://a, token: t }\nannounce: [{ to: mattermost }]",
    /^w\.yaml:3: announce\.0\.to: give it a channel, or set chat\.mattermost\.channel$/,
  ],
  ["hello", /^w\.yaml:1: file: it must be a mapping of node, data/],
  ["- 1", /^w\.yaml:1: file: a list is not allowed/],
  ["node:\n  name: 12", /^w\.yaml:2: node\.name: 12 .*in quotes/],
  ["node: {name: a}\nnode: {name: b}", /^w\.yaml:2: node is there twice in one mapping: keep one$/],
  ["a:\n\t- b", /^w\.yaml:2: .*tabs: use spaces$/],
  ["---\na: 1\n---\nb: 2", /^w\.yaml:3: there is a second document/],
  ["node: *x", /^w\.yaml:1: \*x stands for nothing/],
  ["x: !secret y", /^w\.yaml:1: tags such as !secret/],
  ["a: [", /^w\.yaml:1: not YAML: /],
  [
    "node:\nname: a",
    /^w\.yaml:2: name: unknown key: .*; if it belongs to node or space, indent it$/,
  ],
  ["name: a\nzz: b", /^w\.yaml:1: name: .*indent it$/, /^w\.yaml:2: zz: unknown key: [^;]+$/],
  ["sensors:\n  - platform: DHT22\n    name: a", /platform: "DHT22" .*; DHT22 is read by iio$/],
  ["sensors:\n  - { platform: ds18b20, name: a }", /; ds18b20 is read by w1$/],
  ["say: Too hot: open it", /^w\.yaml:1: not YAML: a colon too many: put text with a colon in quo/],
  ["say: @all", /^w\.yaml:1: not YAML: text can't begin with @: put it in quotes$/],
  ["say: 'it's'", /^w\.yaml:1: not YAML: more text after the value has ended: /],
  ["a:\n  - b: 1\n   c: 2", /^w\.yaml:3: not YAML: indented otherwise than the lines it belong/],
  ["a:\n  b: 1\n  c\n", /^w\.yaml:3: not YAML: a colon with a space after it is missing: /],
  ['data: "C:\\data"', /^w\.yaml:1: not YAML: \\d is no code: use 'single quotes'/],
  ['a: "b\n', /^w\.yaml:2: not YAML: the text before this has a quote at its start and none /],
  [
    "a: {{ b }}",
    /^w\.yaml:1: a key must be a word: a value that begins with \{ or \[ needs quotes/,
  ],
  ['a: 1\n1: 2\n"1": 3', /^w\.yaml:3: 1 is there twice in one mapping: keep one$/],
  ["[".repeat(20_000), /^w\.yaml:1: nested too deeply/],
];
for (const [text, ...says] of mistakes) {
  test(`told with file, line and key: ${JSON.stringify(text.slice(0, 60))}`, async () => {
    const found = await problems(text);
    for (const [at, pattern] of says.entries()) assert.match(found[at] ?? "", pattern);
  });
}

test("a bomb of aliases is refused at once", async () => {
  const levels = ["a: &a [x,x,x,x,x,x,x,x,x]"];
  for (let at = 1; at < 9; at++) {
    const [before, now] = ["abcdefghi"[at - 1], "abcdefghi"[at]];
    levels.push(`${now}: &${now} [${Array(9).fill(`*${before}`).join()}]`);
  }
  assert.match((await problems(levels.join("\n")))[0] ?? "", /uses of aliases/);
});

test("no key of JavaScript's own passes for one of ours", async () => {
  for (const key of ["constructor", "__proto__", "toString"]) {
    assert.match((await problems(`${key}: { a: 1 }`))[0] ?? "", /unknown key/, key);
  }
});

test("a secret that is not allowed is not shown", async () => {
  for (const text of [
    "chat: { slack: { app_token: hush, bot_token: xoxb-1 } }",
    "chat: { mattermost: { url: http://a, token: [hush] } }",
    "announce: [{ to: mqtt, url: mqtt://a, password: { hush: 1 } }]",
  ]) {
    const lines = await problems(text);
    assert.ok(lines.length > 0, text);
    assert.doesNotMatch(lines.join(), /hush/);
  }
});

test("many mistakes are cut off, with how many more", async () => {
  const found = await problems(Array.from({ length: 30 }, (_, at) => `k${at}: 1`).join("\n"));
  assert.ok(found.length <= 21, String(found.length));
});

test("the example, an empty file, keys with nothing below them are good", async () => {
  for (const text of [
    readFileSync(EXAMPLE, "utf8"),
    "",
    "# nothing\n",
    "mesh:\nnode:\n  name:\n",
  ]) {
    assert.deepEqual(await problems(text), []);
  }
  const text = "sensors:\n  - { platform: bme280, name: a, address: 0x76, update_interval: 10s }";
  assert.deepEqual(await problems(text), []);
});

test("what the file says is what the node gets", async () => {
  const text = `
node: { name: lab-pi }
data: /srv/watercooler
mesh: { active_view: 4, peers: ["192.0.2.7:7946", "[fd00::7]:7946"] }
sensors:
  - platform: bme280
    name: climate
    address: "0x77"
    temperature: { filters: [{ offset: -1.2 }, { delta: 5% }, { heartbeat: 5min }] }
  - { platform: gpio, name: door, pin: 17, kind: motion, inverted: yes }
presence: { away_after: 20min }
advice:
  - { kind: temperature, above: 24, say: Open a window }
  - kind: co2
    room: lab
    above: 1000
    for: 5min
    hysteresis: 100
    quiet: 22:30-07:00
    say: Open two
  - { kind: temperature, above_target: 1.5, below_target: 2, say: Not as you want it }
occupancy: { half_life: 10min, reset: "" }
`;
  const checked = await checkConfig("w.yaml", text);
  assert.ok(checked.ok);
  const config = completeConfig(checked.value, AROUND);
  assert.deepEqual(config.node, { name: "lab-pi", room: "lab-pi" });
  assert.equal(config.dataDir, "/srv/watercooler");
  assert.deepEqual([config.mesh.activeView, config.mesh.passiveView], [4, 30]);
  const [climate, door] = config.sensors;
  assert.deepEqual(climate, {
    platform: "bme280",
    name: "climate",
    updateIntervalMs: 10_000,
    i2cBus: 1,
    address: 0x77,
    filters: {
      temperature: [{ offset: -1.2 }, { delta: { share: 0.05 } }, { heartbeat: 300_000 }],
    },
  });
  assert.deepEqual(door, {
    platform: "gpio",
    name: "door",
    updateIntervalMs: 10_000,
    filters: {},
    pin: 17,
    kind: "motion",
    inverted: true,
    debounceMs: 30,
  });
  assert.equal(config.presence.awayAfterMs, 1_200_000);
  const window = { kind: "temperature", above: 24, say: "Open a window" };
  const bounds = { aboveTarget: 1.5, belowTarget: 2 };
  const wish = { kind: "temperature", ...bounds, say: "Not as you want it" };
  assert.deepEqual(config.occupancy, { halfLifeMs: 600_000, resetMinute: undefined });
  const night = { fromMinute: 1_350, toMinute: 420 };
  const lab = { kind: "co2", room: "lab", above: 1_000, hysteresis: 100, say: "Open two" };
  assert.deepEqual(config.advice, [
    { ...window, forMs: 0, hysteresis: 0 },
    { ...lab, forMs: 300_000, quiet: night },
    { ...wish, forMs: 0, hysteresis: 0 },
  ]);
});

test("an announcement to no broker of its own has the login of mqtt", async () => {
  const broker = "{ url: mqtts://a, username: pi, password_env: P, ca_file: /ca }";
  const all =
    "[{ to: mqtt }, { to: mqtt, username: me, password: p }, { to: mqtt, url: mqtt://b }]";
  const checked = await checkConfig("w.yaml", `mqtt: ${broker}\nannounce: ${all}\n`);
  assert.ok(checked.ok, JSON.stringify(checked));
  const said = completeConfig(checked.value, AROUND).edge.announce.map((one) => {
    const {
      topic: _,
      rooms: __,
      kinds: ___,
      to: ____,
      ...rest
    } = one as { topic: string } & typeof one;
    return rest;
  });
  const caFile = "/ca";
  assert.deepEqual(said, [
    { url: "mqtts://a", username: "pi", password: { from: "env", variable: "P" }, caFile },
    { url: "mqtts://a", username: "me", password: { from: "text", text: "p" }, caFile },
    { url: "mqtt://b", username: "" },
  ]);
});

test("what leaves the mesh has its defaults, and its secrets where they are", async () => {
  const text = `
mqtt: { url: "mqtt://broker.local" }
influx: { url: "http://influx.local:8086/", bucket: office, token_env: T, interval: 1min }
announce:
  - { to: mqtt }
  - { to: webhook, url: "https://example.com/hook", secret_file: /etc/hook, rooms: [lab] }
  - { to: slack }
chat:
  people: yes
  slack: { app_token_env: APP, bot_token: xoxb-1, channel: "#lab", api_url: "http://s/api" }
`;
  const checked = await checkConfig("w.yaml", text);
  assert.ok(checked.ok, JSON.stringify(checked));
  const { announce, chat, mqtt, influx } = completeConfig(checked.value, AROUND).edge;
  assert.deepEqual(mqtt, {
    url: "mqtt://broker.local",
    username: "",
    caFile: "",
    topic: "watercooler",
    discovery: "homeassistant",
    targets: "write",
    people: "withheld",
  });
  assert.deepEqual(influx, {
    url: "http://influx.local:8086",
    into: { api: 2, bucket: "office", org: "" },
    secret: { from: "env", variable: "T" },
    intervalMs: 60_000,
  });
  const all = { rooms: [], kinds: [] };
  const topic = "watercooler/announcements/{room}";
  assert.deepEqual(announce, [
    { to: "mqtt", url: "mqtt://broker.local", topic, username: "", ...all },
    {
      to: "webhook",
      url: "https://example.com/hook",
      secret: { from: "file", path: "/etc/hook" },
      rooms: ["lab"],
      kinds: [],
    },
    { to: "slack", channel: "#lab", ...all },
  ]);
  assert.deepEqual(chat, {
    people: "named",
    slack: {
      appToken: { from: "env", variable: "APP" },
      botToken: { from: "text", text: "xoxb-1" },
      channel: "#lab",
      apiUrl: "http://s/api/",
    },
  });
});

test("defaults are the contract's; --data wins over them", () => {
  const config = completeConfig({}, AROUND);
  assert.deepEqual(config.node, { name: "pi-3", room: "pi-3" });
  assert.equal(config.dataDir, "/home/pi/.local/share/watercooler");
  assert.deepEqual([config.mesh.listen, config.api.listen], ["0.0.0.0:7946", "0.0.0.0:8080"]);
  assert.deepEqual(config.occupancy, { halfLifeMs: 300_000, resetMinute: 240 });
  assert.deepEqual([config.api.read, config.neighbours.keepMs], ["lan", 86_400_000]);
  assert.equal(config.presence.awayAfterMs, 900_000);
  const moved = completeConfig({}, AROUND, { dataDir: "/srv/w" });
  assert.equal(moved.dataDir, "/srv/w");
  const unit = { ...AROUND, env: { STATE_DIRECTORY: "/var/lib/watercooler:/var/lib/other" } };
  assert.equal(completeConfig({}, unit).dataDir, "/var/lib/watercooler");
});

test("any text is judged in lines that name the file, never thrown at", async () => {
  const yamlish = fc.string({ unit: fc.constantFrom(..."ab: -[]{}\n\t\"'&*!|>#%,0") });
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), yamlish), async (text) => {
      for (const line of await problems(text)) assert.match(line, /^(w\.yaml:[1-9]|and \d)[^\n]+$/);
    }),
    { numRuns: 500 },
  );
});

test("spans, names and near misses are read as people write them", () => {
  const spans = ["250ms", "10s", "5min", "24h", "30d", "1.5h"].map(parseDuration);
  assert.deepEqual(spans, [250, 10_000, 300_000, 86_400_000, 2_592_000_000, 5_400_000]);
  for (const none of ["ten", "10", "s", "-1s", "1e9h"])
    assert.equal(parseDuration(none), undefined);
  assert.equal(nameOf("Meeting Room.local"), "meeting-room");
  assert.equal(nameOf("---"), "pi");
  assert.equal(nearest("stauts", ["status", "rooms"]), "status");
  assert.equal(nearest("Rooms", ["status", "rooms"]), "rooms");
  assert.equal(nearest("xyz", ["status", "rooms"]), undefined);
});

test("the JSON Schema knows each key, says what most are for, and takes no other", () => {
  interface Node {
    readonly properties?: Readonly<Record<string, Node>>;
    readonly additionalProperties?: unknown;
    readonly description?: string;
  }
  const schema = jsonSchema() as Node;
  assert.deepEqual(Object.keys(schema.properties ?? {}).slice(0, 5), [
    "node",
    "data",
    "mesh",
    "api",
    "sensors",
  ]);
  assert.equal(schema.additionalProperties, false);
  for (const [name, section] of Object.entries(schema.properties ?? {})) {
    assert.ok(section.description, name);
    if (section.properties !== undefined) assert.equal(section.additionalProperties, false, name);
  }
});
