import { stat } from "node:fs/promises";
import { type Finding, failure } from "./finding.ts";
import type { Run } from "./run.ts";
import type { Way } from "./ways.ts";

/** The service's user, as the package makes it. */
const USER = "watercooler";
const READ_WRITE = 0o6;
const WRITE = 0o2;

/**
 * What the service's user may not use of what the configuration needs. Whoever runs the doctor may
 * well be another; nothing is said where there is no such user.
 */
export async function checkServiceUser(
  ways: readonly Way[],
  run: Run,
): Promise<readonly Finding[]> {
  const uid = await run("id", "-u", USER);
  if (uid === "") return [];
  const gids = (await run("id", "-G", USER)).split(/\s+/).map(Number);
  const findings: Finding[] = [];
  for (const { path, group, need, use } of ways) {
    if (need === "not needed") continue;
    const found = await stat(path).catch(() => undefined);
    if (found === undefined) continue;
    const bits = use === "write" ? WRITE : READ_WRITE;
    if (mayUse(found, { uid: Number(uid), gids }, bits)) continue;
    const mend = `sudo usermod -aG ${group} ${USER} && sudo systemctl restart ${USER}`;
    findings.push(failure("groups", `the service's user may not use ${path}`, mend));
  }
  return findings;
}

/** As the kernel judges: the first class that one belongs to counts, and no other. */
function mayUse(
  file: { readonly mode: number; readonly uid: number; readonly gid: number },
  user: { readonly uid: number; readonly gids: readonly number[] },
  bits: number,
): boolean {
  const shift = file.uid === user.uid ? 6 : user.gids.includes(file.gid) ? 3 : 0;
  return ((file.mode >> shift) & bits) === bits;
}
