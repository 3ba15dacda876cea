import { lineOf, withDeadline } from "../../firmware-bridge/src/deadline.ts";
import { createHardware, type Hardware } from "../../firmware-bridge/src/hardware.ts";
import { systemTimers } from "../../firmware-bridge/src/timers.ts";
import { SECOND_MS } from "../base/time.ts";
import type { Config } from "../config/config.ts";
import { checkAccess } from "./access.ts";
import { checkBuses } from "./buses.ts";
import type { Finding } from "./finding.ts";
import { checkKeys } from "./keys.ts";
import { checkLines } from "./lines.ts";
import { checkClock, checkDisk } from "./machine.ts";
import { checkNeighbours } from "./neighbours.ts";
import { checkMdns, checkPort } from "./network.ts";
import { checkPower } from "./power.ts";
import { type Run, runProgram } from "./run.ts";
import { checkService } from "./service.ts";
import { checkWifi } from "./wifi.ts";

/** One check. A guess: a bus that hangs is told after 2 s. */
const CHECK_MS_MAX = 20 * SECOND_MS;

export interface Examination {
  readonly config: Config;
  /** What the clock says; this machine's where it is left out. */
  readonly wallMs?: number;
  /** Whether the node of this configuration runs beside us. */
  readonly node: "runs" | "does not run";
  readonly hardware?: Hardware;
  /** Asks this machine's programs. */
  readonly run?: Run;
}

/** Looks at this machine as the node of this configuration would use it. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const {
    config,
    wallMs = Date.now(),
    node,
    hardware = createHardware(systemTimers),
    run = runProgram,
  } = examination;
  const { sensors, sensorSource, mesh, api } = config;
  const checks: readonly (readonly [string, () => Promise<readonly Finding[]>])[] = [
    ["service", () => checkService(config, run)],
    ["groups", () => checkAccess(sensors, hardware.files, run)],
    ["buses", () => checkBuses(sensors, sensorSource, hardware, systemTimers)],
    ["lines", () => checkLines(sensors)],
    ["clock", () => checkClock(wallMs, run)],
    ["disk", () => checkDisk(config.dataDir, node)],
    ["keys", async () => checkKeys(config.dataDir)],
    ["power", () => checkPower(run)],
    ["ports", () => checkPort("mesh.listen", mesh.listen, node, run)],
    ["ports", () => checkPort("api.listen", api.listen, node, run)],
    ["wifi", () => checkWifi(hardware.files, run)],
    ["mdns", () => checkMdns(mesh.discovery)],
    ["neighbours", () => checkNeighbours(config)],
  ];
  const findings: Finding[] = [];
  for (const [check, look] of checks) {
    const late = () => `no answer in ${CHECK_MS_MAX / SECOND_MS} s`;
    try {
      findings.push(...(await withDeadline(systemTimers, CHECK_MS_MAX, look(), late)));
    } catch (error) {
      findings.push({ check, state: "fail", says: `can't be checked: ${lineOf(error)}` });
    }
  }
  return findings;
}
