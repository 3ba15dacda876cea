import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import type {
  MeshDocument,
  ReadingDocument,
  SelfDocument,
  SensorDocument,
} from "../../src/api/types.ts";
import type { Kind } from "../../src/reading/kind.ts";
import type { Outcome } from "./guest/orders.ts";
import { EXAMPLE, Header, humidityOf } from "./header.ts";
import { HostNode } from "./host-node.ts";
import { Machine, type MachineFiles } from "./machine.ts";
import { get, LiveReader, type Spread, spreadOf, spreadText, until } from "./watching.ts";

const EDGE_COUNT = 50;
/** The goal: a page or a lamp that follows this soon is "at once" to people. */
const EDGE_MS_MAX = 200;
const HANG_MS = 30_000;
const PUSH_PAUSE_MS = 200;
const PUSH_COUNT = 50;
/** Much longer than anything takes here, for a machine that does other things too. */
const WAIT_MS_MAX = 60_000;
const ROOM = "lab";
/** A humidity step of the chip (BME280 datasheet, table 2). */
const HUMIDITY_STEP = 0.008;
const SENSORS = [
  { platform: "bme280", name: "climate", i2c_bus: 1, address: 0x76, update_interval: "1s" },
  { platform: "gpio", name: "door", pin: 17, kind: "motion" },
  { platform: "door_counter", name: "gate", pin_outside: 23, pin_inside: 24 },
  { platform: "serial", name: "board", path: "/dev/ttyS1" },
  { platform: "push", name: "box", light: { filters: [{ round: 0 }] } },
];

const given = process.env.VIRTUAL_PI;
const skip = given === undefined && "runs by npm run test:hardware, which makes the machine";

const pause = (spanMs: number) => new Promise((resolve) => setTimeout(resolve, spanMs));

test("a virtual Pi", { skip }, async (t) => {
  const startedMs = performance.now();
  const files = JSON.parse(given ?? "") as MachineFiles;
  const pi = await Machine.boot(files);
  t.after(() => pi.stop());
  console.log(`# booted with ${pi.accelerator} in ${Math.round(performance.now() - startedMs)} ms`);
  const url = `http://127.0.0.1:${pi.ports.api}`;
  const header = await Header.of(pi);
  await header.calibrate();
  await header.measure(EXAMPLE);
  // Beams that nobody breaks.
  for (const pin of [23, 24]) await header.drive(pin, "high");
  const desk = await HostNode.start(pi.ports.mesh, files.work);
  t.after(() => desk.stop());
  await until(
    async () => get(`${desk.url}/v1/node`),
    WAIT_MS_MAX,
    () => `the desk: ${desk.log}`,
  );
  await install(pi, desk.membership());
  const live = await LiveReader.open(desk.url);
  t.after(() => live.close());

  const self = () => get<SelfDocument>(`${url}/v1/node`);
  const sensor = async (name: string) => (await self())?.sensors.find((one) => one.name === name);
  const becomes = async (name: string, state: "ok" | "failing", error = /(?:)/) => {
    let last: SensorDocument | undefined;
    const look = async () => {
      last = await sensor(name);
      return last?.state === state && error.test(last.error ?? "");
    };
    const what = () => `${name} ${state} ${error}, it is ${JSON.stringify(last)}`;
    await until(look, WAIT_MS_MAX, what);
  };
  /** What `/metrics` says of a sensor's health. */
  const up = async (name: string) => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return new RegExp(`^watercooler_sensor_up\\{.*sensor="${name}".*\\} (\\d)$`, "m").exec(
      text,
    )?.[1];
  };
  const value = async (kind: Kind, from = "climate") => {
    const all = (await get<ReadingDocument[]>(`${url}/v1/readings?kind=${kind}`)) ?? [];
    return all.find((reading) => reading.sensor === `virtual-pi/${from}`)?.value;
  };
  /** Pushes a value inside; gives the time until the other node tells it, all ways included. */
  const pushed = async (count: number): Promise<number> => {
    const body = JSON.stringify({ sensor: "box", kind: "light", value: count });
    const told = live.value(ROOM, "light", count, WAIT_MS_MAX);
    const sentMs = performance.now();
    const path = "http://127.0.0.1:8080/v1/readings";
    await Promise.all([pi.order({ do: "request", method: "POST", url: path, body }), told]);
    return performance.now() - sentMs;
  };
  const pushes = async (from: number, goesOn: (count: number) => boolean): Promise<Spread> => {
    const samples: number[] = [];
    while (goesOn(samples.length)) {
      samples.push(await pushed(from + samples.length));
      await pause(PUSH_PAUSE_MS);
    }
    return spreadOf(samples);
  };

  await until(self, WAIT_MS_MAX, () => "the API of the node inside").catch(async (error) => {
    // Without it nothing below can hold; what it said itself tells why.
    throw new Error(`${error.message}\n${await pi.run("journalctl", "-u", "watercooler")}`);
  });

  await t.test("runs under systemd, as an ordinary user", async () => {
    const show = ["systemctl", "show", "watercooler", "-p", "User", "-p", "MainPID"];
    const shown = await pi.run(...show);
    const pid = /MainPID=(\d+)/.exec(shown)?.[1];
    const status = await pi.read(`/proc/${pid}/status`);
    assert.match(shown, /User=watercooler/);
    assert.doesNotMatch(status, /^Uid:\s+0\b/m);
  });

  await t.test("BME280: the datasheet's example, to its last digit", async () => {
    await becomes("climate", "ok");
    await until(
      () => value("pressure"),
      WAIT_MS_MAX,
      () => "a pressure",
    );
    assert.equal(await value("temperature"), 25.08);
    assert.equal(await value("pressure"), 1006.53);
    const humidity = Number(await value("humidity"));
    const expected = humidityOf(EXAMPLE);
    assert.ok(Math.abs(humidity - expected) <= HUMIDITY_STEP, `${humidity} is not ${expected}`);
  });

  await t.test("a motion edge is at another node's API within 200 ms", async () => {
    await becomes("door", "ok");
    await until(
      async () => (await get<MeshDocument>(`${desk.url}/v1/mesh`))?.active.length === 1,
      WAIT_MS_MAX,
      () => `the link to the desk: ${desk.log}`,
    );
    const samples: number[] = [];
    for (let edge = 0; edge < EDGE_COUNT; edge++) {
      for (const level of ["high", "low"] as const) {
        const told = live.value(ROOM, "motion", level === "high", WAIT_MS_MAX);
        const changedMs = performance.now();
        await Promise.all([header.drive(17, level), told]);
        if (level === "high") samples.push(performance.now() - changedMs);
        // Nobody walks in and out ten times a second; uneven, so that no timer keeps step with us.
        await pause(150 + ((edge * 37) % 100));
      }
    }
    const spread = spreadOf(samples);
    console.log(`# edge to the other node's API: ${spreadText(spread)}, order to the Pi included`);
    assert.ok(spread.median <= EDGE_MS_MAX, spreadText(spread));
  });

  await t.test("two beams count who comes in, a serial board is heard", async () => {
    for (const [pin, level] of [
      [23, "low"],
      [24, "low"],
      [23, "high"],
      [24, "high"],
    ] as const) {
      await header.drive(pin, level);
    }
    await until(
      async () => (await value("count", "gate")) === 1,
      WAIT_MS_MAX,
      () => "one inside",
    );
    const heard = async () => {
      pi.say(JSON.stringify({ sensor: "noise", kind: "sound", value: 41.5 }));
      return (await value("sound", "board.noise")) === 41.5;
    };
    await until(heard, WAIT_MS_MAX, () => "the board's reading");
  });

  await t.test("unplugged it fails with a reason, plugged in it is back", async (part) => {
    await header.unplug();
    part.after(() => header.plug());
    await becomes("climate", "failing", /nothing answers at 0x76 on i2c-1/);
    await header.measure({ ...EXAMPLE, temperature: EXAMPLE.temperature + 16_000 });
    await header.plug();
    await becomes("climate", "ok");
    const warmer = async () => Number(await value("temperature")) > 29;
    await until(warmer, WAIT_MS_MAX, () => "the new temperature");
  });

  await t.test("a bus that hangs for 30 s delays nobody and shows", async () => {
    const before = await pushes(1_000, (count) => count < PUSH_COUNT);
    const endMs = performance.now() + HANG_MS;
    await header.hang(HANG_MS);
    const shows = becomes("climate", "failing", /hang/).then(() => up("climate"));
    const during = await pushes(2_000, () => performance.now() < endMs);
    assert.equal(await shows, "0", "/metrics");
    console.log(`# a pushed reading at the other node: ${spreadText(before)}`);
    console.log(`# while the bus hangs: ${spreadText(during)}`);
    assert.ok(during.median <= before.median * 1.5 + 20, "the median grew");
    assert.ok(during.p95 <= before.p95 * 2 + 100, "the slow ones grew");
    await becomes("climate", "ok");
  });

  await t.test("doctor names the sensor of a bus that hangs", async (part) => {
    await header.hang(HANG_MS);
    part.after(() => header.hang(0));
    await becomes("climate", "failing", /hang/);
    const { ok, text } = await watercooler(pi, "doctor", "--json");
    await header.hang(0);
    const { findings } = JSON.parse(text) as { findings: { state: string; says: string }[] };
    const failed = findings.filter(({ state }) => state === "fail").map(({ says }) => says);
    assert.ok(
      failed.some((says) => /climate.*hang/.test(says)),
      text,
    );
    assert.equal(ok, false, "doctor says that all is well");
    await becomes("climate", "ok");
  });

  await t.test("sensors scan finds the chip, with the lines to paste", async () => {
    const { text } = await watercooler(pi, "sensors", "scan", "--json");
    const { yaml } = JSON.parse(text) as { yaml: string };
    assert.match(yaml, /platform: bme280/, text);
  });

  await t.test("without a group one line says which to add", async () => {
    await restartIn(pi, "gpio");
    await becomes("climate", "failing", /group i2c\b/);
    await becomes("board", "failing", /group dialout\b/);
    await restartIn(pi, "i2c dialout");
    await becomes("door", "failing", /group gpio\b/);
    await becomes("board", "ok");
  });

  await t.test("with no sensors configured, what is found is used", async () => {
    await configure(pi, undefined);
    await restartIn(pi, "gpio i2c dialout");
    const found = async () => (await self())?.sensors.find(({ state }) => state === "ok");
    const { platform } = await until(found, WAIT_MS_MAX, () => "a sensor that was found");
    assert.equal(platform, "bme280");
  });

  await t.test("the kernel's own driver, and lines where sysfs has none", async () => {
    await pi.run("systemctl", "stop", "watercooler");
    await pi.write("/sys/bus/i2c/devices/i2c-1/new_device", "bme280 0x76");
    // As on a kernel built without GPIO in sysfs: what is left is the character device.
    await pi.run("mount", "-t", "tmpfs", "-o", "mode=755", "none", "/sys/class/gpio");
    await header.measure(EXAMPLE);
    await configure(pi, [...SENSORS, { platform: "iio", name: "kernel", update_interval: "1s" }]);
    await pi.run("systemctl", "start", "watercooler");
    await becomes("kernel", "ok");
    await becomes("climate", "failing", /iio/);
    await becomes("door", "ok");
    const back = async () => (await value("temperature", "kernel")) === 25.08;
    await until(back, WAIT_MS_MAX, () => "the kernel's 25.08");
    // The kernel gives more digits than the datasheet has.
    assert.equal(Number(await value("pressure", "kernel")).toFixed(2), "1006.53");
    const told = live.value(ROOM, "motion", true, WAIT_MS_MAX);
    await Promise.all([header.drive(17, "high"), told]);
  });

  await t.test("who has no such sensor loads no native module", async () => {
    const native = /(i2c|epoll)\.node/;
    const shown = await pi.run("systemctl", "show", "watercooler", "-p", "MainPID", "--value");
    assert.match(await pi.read(`/proc/${shown.trim()}/maps`), native);
    assert.doesNotMatch(readFileSync(`/proc/${desk.pid}/maps`, "utf8"), native);
  });
});

/** The command line inside, as the user that the service runs as. */
function watercooler(pi: Machine, ...args: readonly string[]): Promise<Outcome> {
  const program = ["/opt/virtual-pi/node", "/opt/virtual-pi/watercooler/bin/watercooler.js"];
  const user = ["setpriv", "--reuid=watercooler", "--regid=watercooler", "--groups=gpio,i2c"];
  return pi.attempt({ do: "run", command: [...user, ...program, ...args] });
}

async function configure(pi: Machine, sensors: readonly object[] | undefined): Promise<void> {
  const config = {
    node: { name: "virtual-pi", room: ROOM },
    mesh: {
      listen: "0.0.0.0:7946",
      advertise: [`127.0.0.1:${pi.ports.mesh}`],
      discovery: "off",
    },
    api: { listen: "0.0.0.0:8080" },
    sensors,
    neighbours: { record: "none" },
  };
  await pi.write("/etc/watercooler/watercooler.yaml", JSON.stringify(config));
}

async function install(pi: Machine, files: Readonly<Record<string, string>>): Promise<void> {
  const data = "/var/lib/watercooler";
  await pi.run("mkdir", "-p", "/etc/watercooler", data);
  await configure(pi, SENSORS);
  for (const [name, text] of Object.entries(files)) {
    await pi.write(`${data}/${name}`, text);
    await pi.run("chmod", "600", `${data}/${name}`);
  }
  await pi.run("chown", "-R", "watercooler", "/etc/watercooler", data);
  await pi.run("systemctl", "start", "watercooler");
}

/** Starts the service anew with only these groups. */
async function restartIn(pi: Machine, groups: string): Promise<void> {
  const folder = "/run/systemd/system/watercooler.service.d";
  await pi.run("mkdir", "-p", folder);
  // An empty value takes back what was given before.
  const lines = ["[Service]", "SupplementaryGroups=", `SupplementaryGroups=${groups}`, ""];
  await pi.write(`${folder}/groups.conf`, lines.join("\n"));
  await pi.run("systemctl", "daemon-reload");
  await pi.run("systemctl", "restart", "watercooler");
}
