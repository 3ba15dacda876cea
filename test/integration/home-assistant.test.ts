import assert from "node:assert/strict";
import test from "node:test";
import { isDeepStrictEqual } from "node:util";
import type { MqttClient } from "mqtt";
import type { HealthDocument } from "../../src/api/types.ts";
import { type DiscoveryMessage, discoveryIn } from "./home-assistant-schema.ts";
import { InfluxSink } from "./influx-sink.ts";
import { Mosquitto, noMosquitto, USER } from "./mosquitto.ts";
import type { NodeProcess } from "./node-process.ts";
import { type ThreeRooms, threeRooms, until } from "./three-rooms.ts";

/** What a kitchen may be asked for, as Home Assistant shows it. */
const KITCHEN = {
  temperature: 21.5,
  humidity: 45,
  pressure: 1013.25,
  co2: 640,
  sound: 38,
  light: 120,
  motion: true,
  contact: true,
  voltage: 3.31,
  count: 2,
} as const;

/** What a Home Assistant would hear: the newest of each topic, and how often each came. */
class Listener {
  readonly newest = new Map<string, string>();
  readonly times = new Map<string, number>();

  constructor(readonly client: MqttClient) {
    client.on("message", (topic, payload) => {
      const text = payload.toString();
      if (text === "") this.newest.delete(topic);
      else this.newest.set(topic, text);
      this.times.set(topic, (this.times.get(topic) ?? 0) + 1);
    });
  }

  static async on(broker: Mosquitto): Promise<Listener> {
    const listener = new Listener(await broker.client());
    await listener.client.subscribeAsync(["homeassistant/#", "watercooler/#"], { qos: 1 });
    return listener;
  }

  /** All devices by model and name, each checked against the schema. */
  devices(): ReadonlyMap<string, DiscoveryMessage> {
    const found = [...this.newest]
      .filter(([topic]) => topic.startsWith("homeassistant/device/watercooler_"))
      .map(([topic, text]) => discoveryIn(topic, text))
      .map((message) => [`${message.device.model} ${message.device.name}`, message] as const);
    return new Map(found);
  }

  state(topic: string): Record<string, unknown> {
    return JSON.parse(this.newest.get(topic) ?? "{}");
  }

  get configs(): readonly string[] {
    return [...this.newest.keys()].filter((topic) => topic.endsWith("/config"));
  }
}

interface Office {
  readonly broker: Mosquitto;
  readonly database: InfluxSink;
  readonly rooms: ThreeRooms;
  listener: Listener;
}

const skip = noMosquitto();

test("a mesh in Home Assistant, over a real broker", { skip }, async (context) => {
  const broker = await Mosquitto.prepare();
  context.after(() => broker.end());
  await broker.start();
  const { url, caFile: ca_file, passwordFile: password_file } = broker;
  const mqtt = { url, ca_file, username: USER, password_file };
  const database = new InfluxSink();
  context.after(() => database.stop());
  const influx = { url: await database.start(), bucket: "office", interval: "1s" };
  const rooms = await threeRooms(context, { mqtt, influx });
  const office: Office = { broker, database, rooms, listener: await Listener.on(broker) };
  context.after(() => office.listener.client.endAsync(true));
  const part = (name: string, run: (office: Office) => Promise<void>) =>
    context.test(name, () => run(office));
  await part("rooms and Pis are devices that its schemas take", described);
  await part("a database is pushed each reading once", pushed);
  await part("a target is set from there, and garbage is not", commanded);
  await part("all is said again when it starts", born);
  await part("what is no more is taken back, and nothing of others", swept);
  await part("a broker that forgot everything is told everything", restarted);
  await part("kill -9 of the one that speaks: another one does, as the same", killed);
  await part("who stops says so, and no log names a secret", stopped);
});

async function described({ rooms, listener }: Office): Promise<void> {
  for (const [kind, value] of Object.entries(KITCHEN)) {
    const status = await rooms.push("kitchen", kind as keyof typeof KITCHEN, value);
    assert.equal(status, 202, kind);
  }
  await rooms.push("open-space", "temperature", 23);
  await until("all is published", async () => {
    const { voltage, occupancy } = listener.state("watercooler/room/kitchen");
    return voltage === 3.31 && occupancy === "ON" && listener.devices().size >= 5;
  });
  const { contact: _, motion: __, ...values } = KITCHEN;
  const targets = ["temperature", "humidity", "co2", "sound", "light"].map((kind) => [
    `target_${kind}`,
    null,
  ]);
  assert.deepEqual(listener.state("watercooler/room/kitchen"), {
    ...values,
    motion: "ON",
    contact: "OFF",
    occupancy: "ON",
    ...Object.fromEntries(targets),
  });
  const names = [...listener.devices().keys()].sort();
  const nodes = ["Node kitchen", "Node meeting-room", "Node open-space"];
  assert.deepEqual(names, [...nodes, "Room Kitchen", "Room Open space"]);
  const kitchen = listener.devices().get("Room Kitchen");
  const platforms = Object.entries(kitchen?.components ?? {}).map(
    ([key, one]) => `${key} ${one.platform}`,
  );
  assert.equal(platforms.length, 16, platforms.join());
  assert.deepEqual(
    platforms.filter((one) => one.endsWith("number")).map((one) => one.split(" ")[0]),
    ["target_co2", "target_humidity", "target_light", "target_sound", "target_temperature"],
  );
  assert.equal(kitchen?.device.suggested_area, "Kitchen");
  await shared(rooms);
  assert.equal(listener.newest.get("watercooler/bridge/1"), "online");
}

async function pushed({ database, rooms }: Office): Promise<void> {
  const kinds = Object.keys(KITCHEN).sort();
  const kitchen = () => database.points.filter(({ tags }) => tags.room === "kitchen");
  await until("one pushes", async () => {
    const checks = await Promise.all(rooms.nodes.map((node) => node.text("/v1/health")));
    return checks.filter((text) => text.includes("pushes for the mesh")).length === 1;
  });
  await until("all is pushed", async () => {
    const fields = kitchen().flatMap((point) => Object.keys(point.fields));
    return isDeepStrictEqual([...new Set(fields)].sort(), kinds);
  });
  const values = [22, 23, 24];
  const times = (value: number) =>
    kitchen().filter(({ fields }) => fields.temperature === value).length;
  for (const value of values) {
    await rooms.push("kitchen", "temperature", value);
    await until(`${value} is pushed`, async () => times(value) > 0);
  }
  assert.deepEqual(values.map(times), [1, 1, 1]);
}

async function commanded({ rooms, listener }: Office): Promise<void> {
  const topic = "watercooler/room/kitchen/target/temperature/set";
  const { client } = listener;
  for (const text of ["", "warm", "NaN", "1e9", "99999", "9".repeat(50_000)]) {
    await client.publishAsync(topic, text, { qos: 1 });
  }
  for (const other of ["kitchen/target/pressure", "nowhere/target/temperature", "kitchen/x/y"]) {
    await client.publishAsync(`watercooler/room/${other}/set`, "20", { qos: 1 });
  }
  await client.publishAsync(topic, "22.5", { qos: 1 });
  await until("all nodes have the target", async () => {
    const all = await Promise.all(
      rooms.nodes.map((node) => node.get<{ value?: number }>("/v1/targets/kitchen/temperature")),
    );
    return all.every((one) => one?.value === 22.5);
  });
  await until("it is shown", async () => {
    return listener.state("watercooler/room/kitchen").target_temperature === 22.5;
  });
  const [first] = rooms.nodes;
  assert.doesNotMatch(await first.text("/v1/rooms"), /nowhere|"pressure":\{"value":20/);
  await client.publishAsync(topic, "None", { qos: 1 });
  await until("it is cleared", async () => {
    return (await first.status("/v1/targets/kitchen/temperature")) === 404;
  });
}

async function born({ listener }: Office): Promise<void> {
  const before = new Map(listener.times);
  await listener.client.publishAsync("homeassistant/status", "online", { qos: 1 });
  await until("all is there again", async () =>
    [...listener.configs, "watercooler/room/kitchen", "watercooler/node/kitchen"].every(
      (topic) => (listener.times.get(topic) ?? 0) > (before.get(topic) ?? 0),
    ),
  );
}

async function swept({ listener }: Office): Promise<void> {
  const [config = ""] = listener.configs.filter((topic) => topic.includes("_room_kitchen"));
  const old = config.replace("_room_kitchen", "_room_attic");
  const others = config.replace(/watercooler_[0-9a-f]+_/, "watercooler_00000000_");
  const text = (listener.newest.get(config) ?? "").replaceAll("room/kitchen", "room/attic");
  const { client } = listener;
  for (const topic of [old, others, "watercooler/room/attic"]) {
    await client.publishAsync(topic, topic.endsWith("config") ? text : "{}", {
      qos: 1,
      retain: true,
    });
  }
  await until("the attic is gone", async () => {
    return !listener.newest.has(old) && !listener.newest.has("watercooler/room/attic");
  });
  assert.ok(listener.newest.has(others));
  await client.publishAsync(others, "", { qos: 1, retain: true });
}

async function killed({ rooms, listener }: Office): Promise<void> {
  const ids = () => [...listener.newest.keys()].filter((topic) => topic.endsWith("/config")).sort();
  const before = ids();
  const speaker = await speakerOf(rooms.nodes);
  const stillThere = rooms.nodes.filter((node) => node !== speaker);
  const [other] = stillThere;
  const startMs = performance.now();
  await speaker?.end("SIGKILL");
  await other?.push("box", 19.25);
  const topic = `watercooler/room/${other?.plan.name}`;
  await until("another one speaks", async () => listener.state(topic).temperature === 19.25);
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 10_000, `${Math.round(tookMs)} ms`);
  const added = ids().filter((config) => !before.includes(config));
  assert.ok(
    added.every((config) => config.includes(`_room_${other?.plan.name}`)),
    added.join(),
  );
  const unique = [...listener.devices().values()].flatMap(({ components }) =>
    Object.values(components).map((one) => ("unique_id" in one ? one.unique_id : "")),
  );
  assert.equal(new Set(unique).size, unique.length);
}

async function restarted(office: Office): Promise<void> {
  const { broker, rooms } = office;
  const devices = office.listener.devices().size;
  await office.listener.client.endAsync(true);
  await broker.stop();
  await broker.start();
  office.listener = await Listener.on(broker);
  await until("all is there again", async () => office.listener.devices().size === devices);
  await shared(rooms);
}

async function stopped({ rooms, listener }: Office): Promise<void> {
  await Promise.all(rooms.nodes.map((node) => node.end("SIGTERM")));
  await until("both places are empty", async () =>
    ["watercooler/bridge/1", "watercooler/bridge/2"].every(
      (slot) => listener.newest.get(slot) === "offline",
    ),
  );
  for (const { log } of rooms.nodes) assert.doesNotMatch(log, /hidden|\n {2,}at /);
}

async function shared({ nodes }: ThreeRooms): Promise<void> {
  await until("one speaks, one stands by, and one leaves it to them", async () => {
    const roles = await Promise.all(nodes.map(roleOf));
    return roles.sort().join() === "connected, stands by,left to other nodes,speaks";
  });
}

/** What a node says of its part; nothing where that is not well. */
async function roleOf(node: NodeProcess): Promise<string> {
  const health = await node.get<HealthDocument>("/v1/health");
  const [check] = Object.entries(health?.checks ?? {}).flatMap(([name, one]) =>
    name.startsWith("mqtt ") ? [one] : [],
  );
  if (check?.status !== "ok") return "";
  return check.detail.startsWith("speaks") ? "speaks" : check.detail;
}

async function speakerOf(nodes: readonly NodeProcess[]): Promise<NodeProcess | undefined> {
  for (const node of nodes) {
    const text = await node.text("/v1/health");
    if (/speaks for the mesh/.test(text)) return node;
  }
  return undefined;
}
