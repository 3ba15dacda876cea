import { readFile, realpath, stat } from "node:fs/promises";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import type { Config } from "../config/config.ts";
import { type Finding, failure, fine, warning } from "./finding.ts";
import { outsideHosts } from "./outside-hosts.ts";
import type { Run } from "./run.ts";

const CHECK = "service";
const UNIT = "watercooler";
/** A guess: a service that died oftener is not merely unlucky. */
const RESTARTS_WARN = 3;
/** What the node ends with over its configuration and over its mesh. */
const EXIT_CONFIG = "78";
const EXIT_REFUSED = "77";
const LOG = `sudo journalctl -u ${UNIT} -n 20`;
const EDIT = `sudo systemctl edit ${UNIT}, with [Service] and`;
const CONTROLLERS = "/sys/fs/cgroup/cgroup.controllers";
const PROPERTIES = [
  ...["LoadState", "ActiveState", "UnitFileState", "NRestarts", "ExecMainStatus"],
  ...["DevicePolicy", "DeviceAllow", "IPAddressDeny", "IPAddressAllow", "MemoryMax"],
];

/** What systemd tells of the unit; several lines of one property are joined. */
type Unit = ReadonlyMap<string, string>;

/**
 * Whether systemd runs the node, and lets it do what the configuration asks; nothing where it is
 * not installed as a service.
 */
export async function checkService(
  config: Config,
  run: Run,
  controllers = CONTROLLERS,
): Promise<readonly Finding[]> {
  const properties = PROPERTIES.map((name) => `--property=${name}`);
  const unit = parseUnit(await run("systemctl", "show", UNIT, ...properties));
  if (unit.get("LoadState") !== "loaded") return [];
  return [
    checkState(unit),
    ...checkStart(unit),
    ...(await checkDevices(unit, config.sensors)),
    ...checkReach(unit, config),
    ...(await checkMemory(unit, controllers)),
  ];
}

function parseUnit(text: string): Unit {
  const unit = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, name = "", value = ""] = /^(\w+)=(.*)$/.exec(line) ?? [];
    unit.set(name, [unit.get(name), value].filter((part) => part).join(" "));
  }
  return unit;
}

function checkState(unit: Unit): Finding {
  const state = unit.get("ActiveState") ?? "unknown";
  const restarts = Number(unit.get("NRestarts") ?? 0);
  const died = restarts === 0 ? "" : `, restarted ${restarts} times`;
  if (state === "active") {
    if (restarts < RESTARTS_WARN) return fine(CHECK, `active${died}`);
    return warning(CHECK, `active${died}`, `see why: ${LOG}`);
  }
  if (state === "activating" || state === "reloading") {
    const mend = `it may wait to be let into a mesh: ${LOG} says so`;
    return warning(CHECK, `${state}${died}`, mend);
  }
  const ended = unit.get("ExecMainStatus");
  if (ended === EXIT_CONFIG) {
    const mend = "sudo watercooler config check --config /etc/watercooler/watercooler.yaml";
    return failure(CHECK, `${state}: its configuration is refused`, mend);
  }
  if (ended === EXIT_REFUSED) return failure(CHECK, `${state}: its mesh refuses it`, LOG);
  const mend = state === "failed" ? LOG : `sudo systemctl start ${UNIT}`;
  return failure(CHECK, `${state}${died}`, mend);
}

function checkStart(unit: Unit): readonly Finding[] {
  if (unit.get("UnitFileState") !== "disabled") return [];
  const mend = `sudo systemctl enable ${UNIT}`;
  return [warning(CHECK, "does not start with this machine", mend)];
}

/** Whether the unit's list of devices has the serial ports that are configured. */
async function checkDevices(
  unit: Unit,
  sensors: readonly SensorConfig[],
): Promise<readonly Finding[]> {
  const allowed = (unit.get("DeviceAllow") ?? "").split(" ");
  if (unit.get("DevicePolicy") === "auto" && allowed.every((one) => one === "")) return [];
  const findings: Finding[] = [];
  for (const one of sensors) {
    if (one.platform !== "serial") continue;
    const port = await portAt(one.path);
    if (port === undefined) continue;
    const rules = [port.path, `char-${port.major}`, `char-${port.kind}`];
    if (rules.some((rule) => allowed.includes(rule))) continue;
    const mend = `${EDIT} DeviceAllow=char-${port.major} rw, then restart it`;
    findings.push(failure(CHECK, `may not use ${one.path}`, mend));
  }
  return findings;
}

/** Undefined where nothing is plugged in, of which other checks speak. */
async function portAt(path: string) {
  try {
    const real = await realpath(path);
    const { rdev } = await stat(real);
    // Linux: the major number is in bits 8 to 19 (makedev(3)).
    const major = (rdev >> 8) & 0xfff;
    return { path: real, major, kind: real.replace(/^\/dev\/|\d+$/g, "") };
  } catch {
    return undefined;
  }
}

/** Whether what leaves the mesh can leave the service. */
function checkReach(unit: Unit, config: Config): readonly Finding[] {
  const isOpen = /(?:^|\s)(?:any|::\/0|0\.0\.0\.0\/0)(?:\s|$)/.test(
    unit.get("IPAddressAllow") ?? "",
  );
  if ((unit.get("IPAddressDeny") ?? "") === "" || isOpen) return [];
  const hosts = outsideHosts(config);
  if (hosts.length === 0) return [];
  const says = `${hosts.join(", ")} may be outside of what it may reach`;
  return [warning(CHECK, says, `${EDIT} IPAddressAllow=any, then restart it`)];
}

/** Raspberry Pi OS counts no memory by group until it is told to: no limit holds till then. */
async function checkMemory(unit: Unit, controllers: string): Promise<readonly Finding[]> {
  const limit = unit.get("MemoryMax") ?? "infinity";
  const text = await readFile(controllers, "utf8").catch(() => undefined);
  if (text === undefined || limit === "infinity" || /\bmemory\b/.test(text)) return [];
  const mend = "add cgroup_enable=memory to the line in /boot/firmware/cmdline.txt, and reboot";
  return [warning(CHECK, "its memory is not limited: the kernel does not count it", mend)];
}
