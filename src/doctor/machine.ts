import { execFile } from "node:child_process";
import { access, constants, readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, failure, fine, warning } from "./finding.ts";

/** Whoever believes to live before this program was written does not know the time. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
const MEGABYTE = 1_000_000;
/** Below the first the history is at risk, below the second the state itself. Guesses. */
const FREE_MB_WARN = 200;
const FREE_MB_FAIL = 20;
const COMMAND_MS_MAX = 3_000;
const THROTTLED = "/sys/devices/platform/soc/soc:firmware/get_throttled";
const UNDER_VOLTAGE_NOW = 0x1;
const UNDER_VOLTAGE_SEEN = 0x10000;

/** Whether the clock is set. Nothing rests on it but what people read. */
export async function checkClock(wallMs: number): Promise<readonly Finding[]> {
  const says = new Date(wallMs).toISOString();
  const mend = "sudo timedatectl set-ntp true, and let the Pi reach a time server";
  if (wallMs < EPOCH_MS) return [failure("clock", `it says ${says}`, mend)];
  const synchronized = await run("timedatectl", ["show", "-p", "NTPSynchronized", "--value"]);
  if (synchronized.trim() === "yes") return [fine("clock", `${says}, set by NTP`)];
  return [warning("clock", `${says}, not known to be set by NTP`, mend)];
}

/** Whether the data folder can be written, and has room. */
export async function checkDisk(dataDir: string): Promise<readonly Finding[]> {
  const folder = await nearestFolder(dataDir);
  const mayWrite = await access(folder, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  if (mayWrite === "EROFS") {
    const mend = "the card may be worn: copy it, or remount it with sudo mount -o remount,rw /";
    return [failure("disk", `${folder} is read-only`, mend)];
  }
  if (mayWrite !== undefined) {
    const mend = "run as the user it belongs to, or set data to a folder of your own";
    return [failure("disk", `${folder} can't be written (${mayWrite})`, mend)];
  }
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
  const says = `${freeMb} MB free for ${dataDir}`;
  const mend = 'make room: "sudo apt-get clean", "sudo journalctl --vacuum-size=50M"';
  if (freeMb < FREE_MB_FAIL) return [failure("disk", says, mend)];
  return [freeMb < FREE_MB_WARN ? warning("disk", says, mend) : fine("disk", says)];
}

/** Whether a Pi's supply is strong enough; nothing where there is no telling. */
export async function checkPower(path = THROTTLED): Promise<readonly Finding[]> {
  const text = await readFile(path, "utf8").catch(() => "");
  const bits = Number.parseInt(text.trim().replace(/^0x/, ""), 16);
  if (!Number.isFinite(bits)) return [];
  const mend = "use the Pi's own supply and a short cable: sensors go wrong first";
  if ((bits & UNDER_VOLTAGE_NOW) !== 0) return [failure("power", "under-voltage now", mend)];
  if ((bits & UNDER_VOLTAGE_SEEN) === 0) return [fine("power", "no under-voltage since boot")];
  return [warning("power", "under-voltage since boot", mend)];
}

async function nearestFolder(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const isThere = await access(at).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
    if (isThere || at === dirname(at)) return at;
  }
}

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(command, args, { timeout: COMMAND_MS_MAX }, (error, stdout) =>
      resolve(error === null ? stdout : ""),
    );
  });
}
