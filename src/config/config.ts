import { join } from "node:path";
import type { SensorConfig } from "../../firmware-bridge/src/sensors.ts";
import { BAUD_DEFAULT, UPDATE_INTERVAL_DEFAULT_MS } from "../../firmware-bridge/src/sensors.ts";
import type { Level } from "../base/log.ts";
import type { Millis } from "../base/time.ts";
import type { FilterSpec } from "../reading/filter-spec.ts";
import { KIND_NAMES, type Kind } from "../reading/kind.ts";
import { isName } from "../reading/reading.ts";
import { parseDuration } from "./duration.ts";
import type { ConfigFile } from "./schema.ts";

/** A node's configuration, complete: defaults filled in, spans in milliseconds. */
export interface Config {
  readonly node: { readonly name: string; readonly room: string };
  readonly dataDir: string;
  readonly mesh: {
    readonly listen: string;
    readonly advertise: readonly string[];
    readonly peers: readonly string[];
    readonly discovery: "auto" | "libp2p" | "dns-sd" | "off";
    readonly activeView: number;
    readonly passiveView: number;
    readonly secretFile: string;
    readonly interfaces: readonly string[];
  };
  readonly api: {
    readonly listen: string;
    readonly hosts: readonly string[];
    readonly read: "lan" | "capability";
  };
  readonly sensors: readonly SensorConfig[];
  readonly neighbours: {
    readonly record: "all" | "registered" | "none";
    readonly keepMs: Millis;
    readonly interfaces: readonly string[];
    readonly updateIntervalMs: Millis;
  };
  readonly logLevel: Level;
}

/** What defaults are made from. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly homedir: string;
}

type SensorFile = NonNullable<ConfigFile["sensors"]>[number];

/** Fills in what the file left out. */
export function completeConfig(file: ConfigFile, around: Surroundings): Config {
  const name = file.node?.name ?? nameOf(around.hostname);
  const dataDir =
    file.data ??
    around.env.STATE_DIRECTORY?.split(":")[0] ??
    join(around.homedir, ".local", "share", "watercooler");
  const { mesh = {}, api = {}, neighbours = {} } = file;
  return {
    node: { name, room: file.node?.room ?? name },
    dataDir,
    mesh: {
      listen: mesh.listen ?? "0.0.0.0:7946",
      advertise: mesh.advertise ?? [],
      peers: mesh.peers ?? [],
      discovery: mesh.discovery ?? "auto",
      activeView: mesh.active_view ?? 5,
      passiveView: mesh.passive_view ?? 30,
      secretFile: mesh.secret_file ?? join(dataDir, "mesh.secret"),
      interfaces: mesh.interfaces ?? [],
    },
    api: { listen: api.listen ?? "0.0.0.0:8080", hosts: api.hosts ?? [], read: api.read ?? "lan" },
    sensors: (file.sensors ?? []).map(sensorOf),
    neighbours: {
      record: neighbours.record ?? "all",
      keepMs: span(neighbours.keep, 24 * 3_600_000),
      interfaces: neighbours.interfaces ?? [],
      updateIntervalMs: span(neighbours.update_interval, 30_000),
    },
    logLevel: file.log?.level ?? "info",
  };
}

/** A host name made fit to be a node's name. */
export function nameOf(hostname: string): string {
  const fit = (hostname.split(".")[0] ?? "").toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  const trimmed = fit.replace(/^-+|-+$/g, "").slice(0, 63);
  return isName(trimmed) ? trimmed : "pi";
}

function sensorOf(file: SensorFile): SensorConfig {
  const common = {
    name: file.name,
    ...(file.room === undefined ? {} : { room: file.room }),
    updateIntervalMs: span(file.update_interval, UPDATE_INTERVAL_DEFAULT_MS),
    filters: filtersOf(file),
  };
  switch (file.platform) {
    case "serial":
      return { ...common, platform: "serial", path: file.path, baud: file.baud ?? BAUD_DEFAULT };
    case "simulated": {
      const kinds = file.kinds ?? ["temperature", "humidity", "co2", "motion"];
      return { ...common, platform: "simulated", kinds: kinds as never };
    }
    default:
      return { ...common, platform: file.platform };
  }
}

function filtersOf(file: SensorFile): Partial<Record<Kind, readonly FilterSpec[]>> {
  const channels = file as unknown as Partial<Record<Kind, { filters?: object[] } | undefined>>;
  const filters: Partial<Record<Kind, readonly FilterSpec[]>> = {};
  for (const kind of KIND_NAMES) {
    const said = channels[kind];
    // On a gpio sensor `kind` names the channel; only blocks hold filters.
    if (typeof said !== "object" || said.filters === undefined) continue;
    filters[kind] = said.filters.map(filterOf);
  }
  return filters;
}

function filterOf(filter: object): FilterSpec {
  const [[name, value]] = Object.entries(filter) as [[string, unknown]];
  if (typeof value !== "string") return filter as FilterSpec;
  if (value.endsWith("%")) return { delta: { share: Number(value.slice(0, -1)) / 100 } };
  return { [name]: parseDuration(value) } as unknown as FilterSpec;
}

function span(text: string | undefined, otherwise: Millis): Millis {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}
