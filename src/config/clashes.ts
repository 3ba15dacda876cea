import type { FilledFile } from "./schema.ts";

type SensorFile = FilledFile["sensors"][number];

/** A place in the file where something is used that another sensor uses. */
export interface Clash {
  readonly keys: readonly unknown[];
  readonly says: string;
}

/** Sensors of one name, on one GPIO line, two chips at one address of one bus, and the like. */
export function clashes(file: FilledFile): readonly Clash[] {
  const taken = new Map<string, string>();
  const found: Clash[] = [];
  for (const [at, sensor] of file.sensors.entries()) {
    for (const { key, what, says } of usedBy(sensor)) {
      const owner = taken.get(what);
      if (owner === undefined) taken.set(what, sensor.name);
      else found.push({ keys: ["sensors", at, key], says: says(owner) });
    }
  }
  return [
    ...found,
    ...unreachable(file),
    ...placeless(file),
    ...nameless(file),
    ...secretsAmiss(file),
  ];
}

/** Announcements to something that is not configured. */
function unreachable({ announce, chat, mqtt }: FilledFile): readonly Clash[] {
  return announce.flatMap((one, at): readonly Clash[] => {
    const keys = ["announce", at, "to"];
    if (one.to === "mqtt" && one.url === undefined && mqtt.url === "") {
      return [{ keys, says: "there is no broker: give it a url, or set mqtt.url" }];
    }
    if (one.to === "mqtt" && one.username === "" && waysGiven(one, "password").length > 0) {
      return [{ keys, says: "a password needs a username" }];
    }
    if (one.to !== "slack" && one.to !== "mattermost") return [];
    const service = chat[one.to];
    if (service === undefined) return [{ keys, says: `chat.${one.to} is not configured` }];
    if (one.channel !== undefined || service.channel !== "") return [];
    return [{ keys, says: `give it a channel, or set chat.${one.to}.channel` }];
  });
}

/** A database without a place in it, or with two. */
function placeless({ influx }: FilledFile): readonly Clash[] {
  const { url, bucket, database } = influx;
  if (url === "" || (bucket === undefined) !== (database === undefined)) return [];
  return [{ keys: ["influx"], says: "give one of bucket, database" }];
}

/** A login of half its parts; a broker's URL may have the user. */
function nameless({ mqtt }: FilledFile): readonly Clash[] {
  const isNamed = mqtt.username !== "" || mqtt.url.includes("@");
  if (isNamed || waysGiven(mqtt, "password").length === 0) return [];
  return [{ keys: ["mqtt"], says: "a password needs a username" }];
}

/** Secrets that are missing, or given twice. */
function secretsAmiss(file: FilledFile): readonly Clash[] {
  const { announce, mqtt, influx } = file;
  const { slack, mattermost } = file.chat;
  const sinks: { keys: readonly (string | number)[]; said: object }[] = [
    ...announce.map((one, at) => ({ keys: ["announce", at], said: one })),
    { keys: ["mqtt"], said: mqtt },
    { keys: ["influx"], said: influx },
  ];
  const needed = [
    { keys: ["chat", "slack"], said: slack, names: ["app_token", "bot_token"] },
    { keys: ["chat", "mattermost"], said: mattermost, names: ["token"] },
  ];
  return [
    ...sinks.flatMap(({ keys, said }) =>
      ["secret", "token", "password"]
        .filter((name) => waysGiven(said, name).length > 1)
        .map((name) => ({ keys, says: `give only one of ${waysOf(name).join(", ")}` })),
    ),
    ...needed.flatMap(({ keys, said = {}, names }) =>
      names
        .filter((name) => Object.keys(said).length > 0 && waysGiven(said, name).length !== 1)
        .map((name) => ({ keys, says: `give one of ${waysOf(name).join(", ")}` })),
    ),
  ];
}

function waysOf(name: string): readonly string[] {
  return [name, `${name}_file`, `${name}_env`];
}

function waysGiven(said: object, name: string): readonly string[] {
  return waysOf(name).filter((key) => key in said);
}

interface Use {
  readonly key: string;
  readonly what: string;
  readonly says: (owner: string) => string;
}

function usedBy(sensor: SensorFile): readonly Use[] {
  const { name } = sensor;
  const uses: Use[] = [
    { key: "name", what: `name ${name}`, says: () => `"${name}" is there twice` },
  ];
  const pin = (key: string, number: number, chip = "") => ({
    key,
    what: `pin ${number} ${chip}`,
    says: (owner: string) => `GPIO${number} is used by "${owner}" already`,
  });
  if (sensor.platform === "gpio") uses.push(pin("pin", sensor.pin, sensor.chip));
  if (sensor.platform === "door_counter") {
    uses.push(pin("pin_outside", sensor.pin_outside, sensor.chip));
    uses.push(pin("pin_inside", sensor.pin_inside, sensor.chip));
  }
  if ("i2c_bus" in sensor) {
    // Each input of a converter may be a sensor of its own.
    const input = sensor.platform === "ads1115" ? ` input ${sensor.channel}` : "";
    const place = `0x${sensor.address.toString(16)} on bus ${sensor.i2c_bus}${input}`;
    const says = (owner: string) => `${place} is used by "${owner}" already`;
    uses.push({ key: "address", what: `i2c ${place}`, says });
  }
  return uses;
}
