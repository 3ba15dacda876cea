// Runs before "npm start" and "npm test": makes a fresh clone ready, and is quick when it is.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19) || major > 24) {
  console.error(`Watercooler needs Node 20.19 to 24; this is ${process.versions.node}`);
  process.exit(1);
}

const ABI_FILE = "node_modules/.watercooler-abi";
const SOURCES = ["src", "firmware-bridge/src", "test", "scripts"];
const FILES = ["package.json", "tsconfig.json"];

const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function npm(what, args) {
  console.log(`${what} (npm ${args.join(" ")}) ...`);
  const done = spawnSync("npm", args, { stdio: "inherit" });
  if (done.status === 0) return;
  console.error(`${what} failed: see npm's words above; a C++ toolchain and a network are needed`);
  process.exit(1);
}

function needTools() {
  const missing = ["make", "g++", "python3"].filter(
    (tool) => spawnSync("which", [tool], { stdio: "ignore" }).status !== 0,
  );
  if (missing.length === 0) return;
  console.error(
    `A C++ toolchain is needed; missing: ${missing.join(", ")}. ` +
      "On Debian and Raspberry Pi OS: sudo apt-get install build-essential python3",
  );
  process.exit(1);
}

const linked = existsSync("node_modules") && existsSync("node_modules/.package-lock.json");
if (!linked || age("package-lock.json") > age("node_modules/.package-lock.json") + 2_000) {
  needTools();
  // Not "npm ci": it refuses a lock file that a mirror without every platform's binaries has made.
  const quietly = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  npm("Installing; native modules compile, which takes a minute", ["install", ...quietly]);
  writeFileSync(ABI_FILE, process.versions.modules);
} else if (existsSync(ABI_FILE) && readFileSync(ABI_FILE, "utf8") !== process.versions.modules) {
  needTools();
  npm("Rebuilding native modules for this Node", ["rebuild"]);
  writeFileSync(ABI_FILE, process.versions.modules);
}

function newest(folder) {
  let latest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath ?? entry.path, entry.name);
    if (entry.isFile()) latest = Math.max(latest, statSync(path).mtimeMs);
  }
  return latest;
}

const changed = Math.max(...SOURCES.map(newest), ...FILES.map(age));
if (changed > age("dist/.built")) {
  console.log("Building ...");
  const done = spawnSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
  if (done.status !== 0) process.exit(1);
}
