// Runs before "npm start" and "npm test": makes a fresh clone ready, and is quick when it is.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
process.chdir(root);

const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19) || major > 24) {
  console.error(`Watercooler needs Node 20.19 to 24; this is ${process.versions.node}`);
  process.exit(1);
}

const MODULES = "node_modules/.package-lock.json";
const ABI_FILE = "node_modules/.watercooler-abi";
const SOURCES = ["src", "firmware-bridge/src", "test", "bench", "scripts"];
const FILES = ["package.json", "tsconfig.json", MODULES];
/** A checkout writes files in any order, within this. A guess. */
const CHECKOUT_MS = 2_000;

const age = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function npm(what, args) {
  needTools();
  console.log(`${what} (npm ${args.join(" ")}) ...`);
  const env = { ...process.env };
  // Where this Node brings its headers, they are the right ones, and no network is needed for them.
  const prefix = dirname(dirname(process.execPath));
  if (existsSync(join(prefix, "include/node/node_version.h"))) env.npm_config_nodedir = prefix;
  // The npm that started us may stand beside another Node: what compiles must be told of this one.
  env.PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const ours = process.env.npm_execpath ?? "";
  const done = ours.endsWith("npm-cli.js")
    ? spawnSync(process.execPath, [ours, ...args], { stdio: "inherit", env })
    : spawnSync("npm", args, { stdio: "inherit", env });
  if (done.status !== 0) {
    const reason = done.error === undefined ? "npm's own words are above" : done.error.message;
    console.error(
      `${what}: failed, ${reason}. With a network and a C++ toolchain, run the command again.`,
    );
    process.exit(1);
  }
  writeFileSync(ABI_FILE, process.versions.modules);
}

function needTools() {
  const missing = ["make", "g++", "python3"].filter(
    (tool) => spawnSync(tool, ["--version"], { stdio: "ignore" }).error !== undefined,
  );
  if (missing.length === 0) return;
  console.error(
    `A C++ toolchain is needed; missing: ${missing.join(", ")}. ` +
      "On Debian and Raspberry Pi OS: sudo apt-get install build-essential python3",
  );
  process.exit(1);
}

/** Whether the native modules are for this Node. Who installed by hand left no note: we try. */
function builtForThisNode() {
  if (existsSync(ABI_FILE)) return readFileSync(ABI_FILE, "utf8") === process.versions.modules;
  try {
    const Database = createRequire(import.meta.url)("better-sqlite3");
    new Database(":memory:").close();
  } catch {
    return false;
  }
  writeFileSync(ABI_FILE, process.versions.modules);
  return true;
}

/** The newest time in a folder. Folders count: a file that was removed changes only its folder. */
function newest(folder) {
  let latest = age(folder);
  if (latest === 0) return latest;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    latest = Math.max(latest, age(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return latest;
}

const rebuild = () =>
  npm("Rebuilding native modules for this Node", ["rebuild", "--loglevel=error"]);
const wereForAnother = age(MODULES) > 0 && !builtForThisNode();
if (age(MODULES) === 0 || age("package-lock.json") > age(MODULES) + CHECKOUT_MS) {
  // Not "npm ci": it refuses a lock file that a mirror without every platform's binaries has made.
  const quietly = ["--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  npm("Installing; native modules compile, which takes a minute", ["install", ...quietly]);
  // An install that finds all packages there leaves what another Node compiled as it is.
  if (wereForAnother) rebuild();
} else if (wereForAnother) {
  rebuild();
}

if (Math.max(...SOURCES.map(newest), ...FILES.map(age)) > age("dist/.built")) {
  console.log("Building ...");
  const done = spawnSync(process.execPath, ["scripts/build.mjs"], { stdio: "inherit" });
  if (done.status !== 0) process.exit(1);
}
