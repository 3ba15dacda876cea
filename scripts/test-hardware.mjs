// "npm run test:hardware": makes a virtual Pi from Debian's packages and our build, then runs the
// tests under test/hardware, which boot it in QEMU. The first time takes a few minutes and some
// 250 MB of packages; later runs take what they made from the cache.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { appImage, bootImage, rootImage } from "./test-hardware-images.mjs";
import { kernel } from "./test-hardware-kernel.mjs";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

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

function needTools() {
  const missing = () => Object.keys(TOOLS).filter((tool) => !installed(tool));
  const packages = () => missing().map((tool) => TOOLS[tool]);
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

process.env.PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
if (process.platform !== "linux" || process.arch !== "x64") skip("needs Linux on x86-64");
const debian = suite();
if (debian === undefined) skip("needs Debian, whose kernel and packages it uses");
needTools();

mkdirSync(CACHE, { recursive: true });
const work = mkdtempSync(join(tmpdir(), "watercooler-virtual-pi-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

function make() {
  try {
    const { image, release, modules } = kernel(CACHE);
    const root = rootImage(CACHE, debian);
    const initramfs = bootImage({ cache: CACHE, work, modules });
    console.log(`A virtual Pi: Debian ${debian}, Linux ${release}, Node ${process.versions.node}`);
    return { kernel: image, initramfs, root, app: appImage(work), work };
  } catch (error) {
    // What a tool printed says more than where we called it.
    console.error(`no virtual Pi: ${error.stderr?.trim() || error.message}`);
    process.exit(1);
  }
}

const env = { ...process.env, VIRTUAL_PI: JSON.stringify(make()) };
const args = ["scripts/test.mjs", "--hardware", ...process.argv.slice(2)];
const tests = spawn(process.execPath, args, { stdio: "inherit", env });
// Whoever ends us ends the tests too, and they the machine; what was made for them goes last.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => tests.kill(signal));
tests.once("exit", (code) => process.exit(code ?? 1));
