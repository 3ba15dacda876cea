import { access, constants } from "node:fs/promises";
import { lineOf } from "../../firmware-bridge/src/deadline.ts";
import { createIpNeigh } from "../../firmware-bridge/src/ip-neigh.ts";
import { LEASE_PLACES, leaseFilesOf } from "../../firmware-bridge/src/lease-files.ts";
import { ownLans } from "../../firmware-bridge/src/neighbour-probe.ts";
import type { Config } from "../config/config.ts";
import { type Finding, fine, fromLine, warning } from "./finding.ts";

const CHECK = "neighbours";

/** Whether devices around this machine can be seen, asked after, and named. */
export async function checkNeighbours({ neighbours }: Config): Promise<readonly Finding[]> {
  const { record, interfaces, probe } = neighbours;
  if (record === "none") return [fine(CHECK, "not recorded: who is in is told by other nodes")];
  return [await checkTable(interfaces), checkProbing(probe, interfaces), ...(await checkLeases())];
}

async function checkTable(interfaces: readonly string[]): Promise<Finding> {
  const lacks: string[] = [];
  const log = { write: (_: unknown, message: string) => void lacks.push(message) };
  try {
    const table = await createIpNeigh({ interfaces, log })();
    const [lack] = lacks;
    if (lack !== undefined) return fromLine(CHECK, "warn", lack);
    const devices = new Set(table.map(({ mac }) => mac)).size;
    return fine(CHECK, `${devices} devices in the kernel's table`);
  } catch (error) {
    return fromLine(CHECK, "warn", lineOf(error));
  }
}

function checkProbing(probe: "on" | "off", interfaces: readonly string[]): Finding {
  if (probe === "off") {
    const mend = "set neighbours.probe to true";
    return warning(CHECK, "phones that sleep are taken for away", mend);
  }
  const lans = ownLans(interfaces);
  if (lans.length > 0) return fine(CHECK, `asks after silent devices in ${lans.join(", ")}`);
  const mend = "join a network, or see to neighbours.interfaces";
  return warning(CHECK, "no subnet to ask after silent devices in", mend);
}

async function checkLeases(): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const { path } of await leaseFilesOf(LEASE_PLACES)) {
    try {
      await access(path, constants.R_OK);
      findings.push(fine(CHECK, `reads the DHCP leases of ${path}`));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EACCES") continue;
      const mend = "let the node's user read it, if devices are to have their names";
      findings.push(warning(CHECK, `no permission on the DHCP leases of ${path}`, mend));
    }
  }
  return findings;
}
