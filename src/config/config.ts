import { join } from "node:path";
import * as v from "valibot";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import type { Level } from "../base/log.ts";
import type { Millis } from "../base/time.ts";
import type { AdviceRule, DayPart } from "../reading/advice-rule.ts";
import { isName } from "../reading/reading.ts";
import { type EdgeSettings, edgeSettings } from "./edge-settings.ts";
import { type ConfigFile, type FilledFile, fileSchema } from "./schema.ts";
import { spanMs } from "./schema-values.ts";
import { sensorSettings } from "./sensor-settings.ts";
import { type SpaceSettings, spaceSettings } from "./space-settings.ts";

/** A node's configuration, complete: defaults filled in, spans in milliseconds. */
export interface Config {
  readonly node: { readonly name: string; readonly room: string };
  readonly dataDir: string;
  readonly mesh: {
    /** `host:port`. */
    readonly listen: string;
    readonly advertise: readonly string[];
    readonly peers: readonly string[];
    readonly discovery: "auto" | "libp2p" | "dns-sd" | "off";
    /** Empty where there is none. */
    readonly invite: string;
    readonly activeView: number;
    readonly passiveView: number;
    readonly interfaces: readonly string[];
  };
  readonly api: {
    /** `host:port`; empty turns the API off. */
    readonly listen: string;
    /** `host:port`; empty where there is no HTTPS. */
    readonly https: string;
    readonly hosts: readonly string[];
    readonly read: "lan" | "capability";
  };
  readonly sensors: readonly SensorConfig[];
  /** "found" where the file says nothing of sensors: what is on the buses is used. */
  readonly sensorSource: "configured" | "found";
  readonly neighbours: {
    readonly record: "all" | "registered" | "none";
    readonly keepMs: Millis;
    readonly interfaces: readonly string[];
    readonly updateIntervalMs: Millis;
    /** Whether registered devices that keep silent are asked after. */
    readonly probe: "on" | "off";
  };
  readonly presence: { readonly awayAfterMs: Millis };
  readonly occupancy: {
    /** How fast motion that was seen fades. */
    readonly halfLifeMs: Millis;
    /** In minutes after midnight; undefined where counts never begin anew by the hour. */
    readonly resetMinute: number | undefined;
  };
  readonly advice: readonly AdviceRule[];
  /** What leaves the mesh. */
  readonly edge: EdgeSettings;
  readonly history: {
    readonly rawMs: Millis;
    readonly minutesMs: Millis;
    readonly hoursMs: Millis;
    readonly keep: "auto" | "own" | "all";
  };
  /** What `/spaceapi.json` says of the place; undefined: there is none. */
  readonly space: SpaceSettings | undefined;
  readonly logLevel: Level;
  readonly logFormat: "text" | "json";
}

/** What defaults are made from. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly homedir: string;
}

/** What a command line may say over the file. */
export interface Overrides {
  readonly dataDir?: string;
}

const HOUR_MINUTES = 60;
const NAME_LENGTH_MAX = 63;
/** A host that has no name worth having is likely one. */
const NAME_FALLBACK = "pi";

/** Fills in what the file left out; `overrides` win over it. Throws where it is not valid. */
export function completeConfig(
  file: ConfigFile,
  around: Surroundings,
  overrides: Overrides = {},
): Config {
  const filled = v.parse(fileSchema, file);
  const name = filled.node.name ?? nameOf(around.hostname);
  const dataDir = overrides.dataDir ?? filled.data ?? defaultDataDir(around);
  const { api, log } = filled;
  return {
    node: { name, room: filled.node.room ?? name },
    dataDir,
    mesh: meshOf(filled.mesh),
    api,
    sensors: filled.sensors.map(sensorSettings),
    sensorSource: file.sensors === undefined ? "found" : "configured",
    neighbours: {
      record: filled.neighbours.record,
      keepMs: spanMs(filled.neighbours.keep),
      interfaces: filled.neighbours.interfaces,
      updateIntervalMs: spanMs(filled.neighbours.update_interval),
      probe: filled.neighbours.probe ? "on" : "off",
    },
    presence: { awayAfterMs: spanMs(filled.presence.away_after) },
    occupancy: {
      halfLifeMs: spanMs(filled.occupancy.half_life),
      resetMinute: filled.occupancy.reset === "" ? undefined : minuteOf(filled.occupancy.reset),
    },
    advice: filled.advice.map(adviceOf),
    edge: edgeSettings(filled),
    history: {
      rawMs: spanMs(filled.history.raw),
      minutesMs: spanMs(filled.history.minutes),
      hoursMs: spanMs(filled.history.hours),
      keep: filled.history.keep,
    },
    space: spaceSettings(filled),
    logLevel: log.level,
    logFormat: log.format,
  };
}

/** A host name made fit to be a node's name. */
export function nameOf(hostname: string): string {
  const fit = (hostname.split(".")[0] ?? "").toLowerCase().replace(/[^a-z0-9-]+/g, "-");
  const trimmed = fit.replace(/^-+/, "").slice(0, NAME_LENGTH_MAX).replace(/-+$/, "");
  return isName(trimmed) ? trimmed : NAME_FALLBACK;
}

function defaultDataDir({ env, homedir }: Surroundings): string {
  // systemd may list several folders, the first being the unit's own.
  const stateDirectory = env.STATE_DIRECTORY?.split(":")[0];
  return stateDirectory ? stateDirectory : join(homedir, ".local", "share", "watercooler");
}

function meshOf(mesh: FilledFile["mesh"]): Config["mesh"] {
  const { active_view, passive_view, ...same } = mesh;
  return { ...same, activeView: active_view, passiveView: passive_view };
}

function adviceOf(rule: FilledFile["advice"][number]): AdviceRule {
  const { kind, say, hysteresis, room, above, below, quiet } = rule;
  const { above_target: aboveTarget, below_target: belowTarget } = rule;
  return {
    kind,
    say,
    hysteresis,
    forMs: spanMs(rule.for),
    ...(room === undefined ? {} : { room }),
    ...(above === undefined ? {} : { above }),
    ...(below === undefined ? {} : { below }),
    ...(aboveTarget === undefined ? {} : { aboveTarget }),
    ...(belowTarget === undefined ? {} : { belowTarget }),
    ...(quiet === undefined ? {} : { quiet: dayPart(quiet) }),
  };
}

/** `22:00-07:00` as minutes after midnight. */
function dayPart(text: string): DayPart {
  const [from = "", to = ""] = text.split("-");
  return { fromMinute: minuteOf(from), toMinute: minuteOf(to) };
}

/** `04:30` as minutes after midnight. */
function minuteOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return (hours ?? 0) * HOUR_MINUTES + (minutes ?? 0);
}
