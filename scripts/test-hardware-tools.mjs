// What every run on a virtual Pi begins and ends with: the tools, a cache, a folder of its own, and the
// tests as a process that ends with us.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const CACHE = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "watercooler-virtual-pi",
);
const TOOLS = {
  "qemu-system-x86_64": "qemu-system-x86",
  mmdebstrap: "mmdebstrap",
  mksquashfs: "squashfs-tools",
  setpriv: "util-linux",
  make: "make",
  gcc: "gcc",
  xz: "xz-utils",
  // Root makes another root as it is; others need users of their own to give files to.
  ...(process.getuid?.() === 0 ? {} : { newuidmap: "uidmap" }),
};

/** Leaves with one line; in CI a suite left out is a failure. */
function skip(reason) {
  console.log(`skipped the virtual Pi: ${reason}`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}

const installed = (tool) => spawnSync("sh", ["-c", `command -v ${tool}`]).status === 0;

function needTools(tools) {
  const missing = () => Object.keys(tools).filter((tool) => !installed(tool));
  const packages = () => missing().map((tool) => tools[tool]);
  if (missing().length === 0) return;
  if (process.getuid?.() === 0) {
    console.log(`Installing ${packages().join(" ")} ...`);
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    spawnSync("apt-get", ["update", "-q"], { stdio: "ignore" });
    const install = ["install", "-qy", "--no-install-recommends", ...packages()];
    const done = spawnSync("apt-get", install, { env, encoding: "utf8" });
    if (done.status !== 0) console.error(done.stderr);
  }
  if (missing().length === 0) return;
  skip(`needs ${packages().join(", ")}; sudo apt-get install ${packages().join(" ")}`);
}

/** Debian's name for this machine's release: the guest's libraries have to suit our Node. */
function suite() {
  const text = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const [, id] = /^ID=(.*)$/m.exec(text) ?? [];
  const [, name] = /^VERSION_CODENAME=(.*)$/m.exec(text) ?? [];
  return id === "debian" ? name : undefined;
}

/**
 * Sees to the tools, leaving with one line where they can't be had. Gives the cache, Debian's name of
 * this machine's release, and a folder that is gone when we are.
 */
export function started(moreTools = {}) {
  process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
  process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  if (process.platform !== "linux" || process.arch !== "x64") skip("needs Linux on x86-64");
  const debian = suite();
  if (debian === undefined) skip("needs Debian, whose kernel and packages it uses");
  needTools({ ...TOOLS, ...moreTools });
  mkdirSync(CACHE, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), "watercooler-virtual-pi-"));
  process.on("exit", () => rmSync(work, { recursive: true, force: true }));
  return { cache: CACHE, debian, work };
}

/** What `make` makes; where it can't, its reason in one line, and the end. */
export function orTell(make) {
  try {
    return make();
  } catch (error) {
    // What a tool printed says more than where we called it.
    console.error(`no virtual Pi: ${error.stderr?.trim() || error.message}`);
    process.exit(1);
  }
}

/** Runs the tests of that kind with what they are given, and leaves as they do. */
export function runTests(kind, given) {
  const env = { ...process.env, ...given };
  const args = ["scripts/test.mjs", kind, ...process.argv.slice(2)];
  const tests = spawn(process.execPath, args, { stdio: "inherit", env });
  // Whoever ends us ends the tests too, and they the machine; what was made for them goes last.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => tests.kill(signal));
  tests.once("exit", (code) => process.exit(code ?? 1));
}
