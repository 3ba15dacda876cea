import { userInfo } from "node:os";
import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import type { SensorConfig } from "../../firmware-bridge/src/sensor-config.ts";
import { type Finding, failure, fine, warning } from "./finding.ts";
import type { Run } from "./run.ts";
import { checkServiceUser } from "./service-user.ts";
import { type Way, ways, whyNot } from "./ways.ts";

const CHECK = "groups";

/** Whether this user may use the buses, lines and ports that are here. */
export async function checkAccess(
  sensors: readonly SensorConfig[],
  files: Hardware["files"],
  run: Run,
): Promise<readonly Finding[]> {
  const all = await ways(sensors, files);
  return [...(await checkOwn(all)), ...(await checkServiceUser(all, run))];
}

async function checkOwn(all: readonly Way[]): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const open: string[] = [];
  for (const { path, group, need, use } of all) {
    const code = await whyNot(path, use);
    if (code === undefined) open.push(path);
    if (code !== "EACCES" && code !== "EPERM") continue;
    const says = `no permission on ${path}`;
    const mend = `sudo usermod -aG ${group} ${userInfo().username}, then log in again`;
    findings.push(need === "needed" ? failure(CHECK, says, mend) : warning(CHECK, says, mend));
  }
  if (findings.length > 0) return findings;
  return [fine(CHECK, open.length === 0 ? "nothing that needs one" : `may use ${open.join(", ")}`)];
}
