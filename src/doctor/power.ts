import { readFile } from "node:fs/promises";
import { type Finding, failure, fine, warning } from "./finding.ts";
import type { Run } from "./run.ts";

const CHECK = "power";
const THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled";
/** Bits of the firmware's answer (vcgencmd get_throttled); 16 higher: at some time since boot. */
const UNDER_VOLTAGE = 0x1;
const SLOWED = 0x4;
const SOFT_LIMIT = 0x8;
const SINCE_BOOT = 16;
const SUPPLY = "use the Pi's own supply and a short cable: sensors go wrong first";
const COOLING = "give it air or a heat sink, and keep temperature sensors away from the board";

/** Whether a Pi's supply is strong enough and it stays cool; nothing where there is no telling. */
export async function checkPower(run: Run, path = THROTTLED): Promise<readonly Finding[]> {
  const file = await readFile(path, "utf8").catch(() => "");
  const text = file.trim() || (await run("vcgencmd", "get_throttled")).replace(/^throttled=/, "");
  const bits = Number.parseInt(text.replace(/^0x/, ""), 16);
  if (!Number.isFinite(bits)) return [];
  const since = bits >> SINCE_BOOT;
  const findings: Finding[] = [];
  if ((bits & UNDER_VOLTAGE) !== 0) findings.push(failure(CHECK, "under-voltage now", SUPPLY));
  else if ((since & UNDER_VOLTAGE) !== 0) {
    findings.push(warning(CHECK, "under-voltage since boot", SUPPLY));
  }
  if (isHot(bits)) findings.push(warning(CHECK, "slowed down by heat now", COOLING));
  else if (isHot(since)) findings.push(warning(CHECK, "slowed down by heat since boot", COOLING));
  return findings.length > 0 ? findings : [fine(CHECK, "no under-voltage or heat since boot")];
}

/** A weak supply slows it down too, so that alone says nothing of heat. */
function isHot(bits: number): boolean {
  if ((bits & SOFT_LIMIT) !== 0) return true;
  return (bits & SLOWED) !== 0 && (bits & UNDER_VOLTAGE) === 0;
}
