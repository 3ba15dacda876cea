import { execFileSync, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** Why a test that mounts things can't run here, or false. */
export function mountsMissing(...tools: string[]): string | false {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "needs root on Linux";
  for (const tool of ["unshare", "mount", ...tools]) {
    if (spawnSync(tool, ["--version"]).error !== undefined) return `needs ${tool}`;
  }
  const tried = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]);
  return tried.status === 0 ? false : "may not mount here";
}

/**
 * Runs a script of this folder in a mount namespace of its own. The kernel takes its mounts and
 * their loop devices away when it ends, however it ends, and nobody else's namespace can copy them.
 */
export function inOwnMounts(script: string, ...words: readonly string[]): string {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const isolate = ["--mount", "--propagation", "private", "--kill-child"];
  return execFileSync("unshare", [...isolate, process.execPath, file, ...words], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
}
