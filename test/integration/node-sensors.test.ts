import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import type { SelfDocument } from "../../src/api/types.ts";
import { folder, start, until, writeConfig } from "./cli-harness.ts";

const NATIVE = /(i2c|epoll)\.node$/m;

/** A real node with these sensors; undefined leaves the key out. */
async function nodeWith(context: TestContext, sensors: readonly object[] | undefined) {
  const dir = folder(context);
  const config = writeConfig(join(dir, "w.yaml"), {
    data: join(dir, "data"),
    mesh: { listen: "127.0.0.1:0", discovery: "off" },
    api: { listen: "127.0.0.1:0" },
    neighbours: { record: "none" },
    sensors,
  });
  const cli = start(context, ["up", "--json", "--config", config]);
  await until("the node", () => cli.stdout.includes("}"));
  const { api } = JSON.parse(cli.stdout) as { api: readonly [string] };
  const text = async (path: string) => (await fetch(api[0] + path)).text();
  const self = async () => JSON.parse(await text("/v1/node")) as SelfDocument;
  return {
    cli,
    api: api[0],
    text,
    self,
    maps: () => readFileSync(`/proc/${cli.pid}/maps`, "utf8"),
  };
}

test("a sensor whose bus is not there fails with what to do, everywhere", async (context) => {
  const climate = { platform: "bme280", name: "climate", i2c_bus: 29 };
  const { text, self, maps } = await nodeWith(context, [climate]);
  let sensor = (await self()).sensors[0];
  for (let turn = 0; sensor?.state === "ok" && turn < 200; turn++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    sensor = (await self()).sensors[0];
  }
  assert.equal(sensor?.state, "failing");
  assert.match(sensor?.error ?? "", /^no \/dev\/i2c-29: turn I2C on with "sudo raspi-config/);
  const up = 'watercooler_sensor_up{sensor="climate",platform="bme280"} 0';
  assert.ok((await text("/metrics")).includes(up));
  assert.match(await text("/v1/health"), /failing: climate/);
  assert.match(maps(), NATIVE);
});

test("without such a sensor no native module of one is loaded", async (context) => {
  const { self, maps } = await nodeWith(context, [{ platform: "push", name: "box" }]);
  assert.equal((await self()).sensors.length, 1);
  assert.doesNotMatch(maps(), NATIVE);
});

test("with nothing said of sensors, what is found is used: here maybe nothing", async (context) => {
  const { cli, self } = await nodeWith(context, undefined);
  const { sensors } = await self();
  assert.ok(
    sensors.every(({ platform }) => ["bme280", "sht3x", "scd4x", "iio", "w1"].includes(platform)),
  );
  assert.equal((await cli.interrupt()).code, 0);
});

test("raw and filtered values are both told", async (context) => {
  const box = { platform: "push", name: "box", co2: { filters: [{ offset: -50 }] } };
  const { api, self } = await nodeWith(context, [box]);
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ sensor: "box", kind: "co2", value: 650 });
  const pushed = await fetch(`${api}/v1/readings`, { method: "POST", headers, body });
  assert.equal(pushed.status, 202);
  const [sensor] = (await self()).sensors;
  assert.deepEqual(sensor?.values, [
    { sensor: "box", kind: "co2", unit: "ppm", raw: 650, value: 600 },
  ]);
});
