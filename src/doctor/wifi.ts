import type { Hardware } from "../../firmware-bridge/src/hardware.ts";
import { type Finding, fine, warning } from "./finding.ts";
import type { Run } from "./run.ts";

const INTERFACES = "/sys/class/net";

/**
 * Whether the Wi-Fi sleeps: it then misses mDNS and answers late. Nothing where there is none, or
 * no program to tell.
 */
export async function checkWifi(files: Hardware["files"], run: Run): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const name of await files.list(INTERFACES)) {
    if (!(await files.list(`${INTERFACES}/${name}`)).includes("wireless")) continue;
    const says = await run("iw", "dev", name, "get", "power_save");
    const state = /^Power save: (on|off)$/m.exec(says)?.[1];
    if (state === "off") findings.push(fine("wifi", `${name} stays awake`));
    if (state !== "on") continue;
    const mend =
      `sudo iw dev ${name} set power_save off; for good: ` +
      "sudo nmcli connection modify NAME 802-11-wireless.powersave 2";
    findings.push(warning("wifi", `${name} saves power, and misses what others announce`, mend));
  }
  return findings;
}
