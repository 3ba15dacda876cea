import { access, constants, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { type Finding, failure, fine, warning } from "./finding.ts";
import type { Run } from "./run.ts";

/** Whoever believes to live before this program was written does not know the time. */
const EPOCH_MS = Date.UTC(2026, 0, 1);
const MEGABYTE = 1_000_000;
/** Below the first the history is at risk, below the second the state itself. Guesses. */
const FREE_MB_WARN = 200;
const FREE_MB_FAIL = 20;
/** A node makes few files, yet each update of the system makes thousands. A guess. */
const FREE_FILES_FAIL = 500;

/** Whether the clock is set. Nothing rests on it but what people read. */
export async function checkClock(wallMs: number, run: Run): Promise<readonly Finding[]> {
  const says = new Date(wallMs).toISOString();
  const mend = "sudo timedatectl set-ntp true, and let the Pi reach a time server";
  if (wallMs < EPOCH_MS) return [failure("clock", `it says ${says}`, mend)];
  const synchronized = await run("timedatectl", "show", "-p", "NTPSynchronized", "--value");
  if (synchronized === "yes") return [fine("clock", `${says}, set by NTP`)];
  return [warning("clock", `${says}, not known to be set by NTP`, mend)];
}

/**
 * Whether the data folder can be written, and has room. A node that runs as another user tells by
 * itself whether it can write.
 */
export async function checkDisk(
  dataDir: string,
  node: "runs" | "does not run",
): Promise<readonly Finding[]> {
  const folder = await nearestFolder(dataDir);
  const mayWrite = await access(folder, constants.W_OK).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error.code ?? error.message,
  );
  if (mayWrite === "EROFS") {
    const mend = "the card may be worn: copy it, or remount it with sudo mount -o remount,rw /";
    return [failure("disk", `${folder} is read-only`, mend)];
  }
  if (mayWrite !== undefined && !(mayWrite === "EACCES" && node === "runs")) {
    const mend = "run as the user it belongs to, or set data to a folder of your own";
    return [failure("disk", `${folder} can't be written (${mayWrite})`, mend)];
  }
  const { bavail, bsize, files, ffree } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / MEGABYTE);
  const says = `${freeMb} MB free for ${dataDir}`;
  const mend = 'make room: "sudo apt-get clean", "sudo journalctl --vacuum-size=50M"';
  // A file system without a fixed number of files says 0.
  if (files > 0 && ffree < FREE_FILES_FAIL) {
    return [failure("disk", `room for ${ffree} more files at ${dataDir}`, mend)];
  }
  if (freeMb < FREE_MB_FAIL) return [failure("disk", says, mend)];
  return [freeMb < FREE_MB_WARN ? warning("disk", says, mend) : fine("disk", says)];
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
