// Of the packages in node_modules, those that the bundle leaves outside and what these need, without
// what only builds or explains them.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { dirname, extname, join } from "node:path";
import { EXTERNAL } from "../../scripts/external-packages.mjs";

/** They compile or are compiled against, and are never loaded. */
const NOT_LOADED = /^(?:prebuild-install|nan|node-addon-api|typescript|@types\/.*)$/;
/** What the page is packed from; the rest of what it needs are its own files. */
const IN_PAGE = ["preact", "uplot"];
/** Types, maps, sources and words; a licence is told in the package's copyright file. */
const DROPPED_ENDS = new Set([
  ...[".ts", ".mts", ".cts", ".map", ".tsbuildinfo", ".flow", ".md", ".markdown", ".txt", ".yml"],
  ...[".c", ".cc", ".cpp", ".h", ".hpp", ".gyp", ".gypi", ".mk", ".sh", ".png", ".svg", ".html"],
  ...[".tgz", ".patch", ".lock", ".umd", ".jst", ".node"],
]);
const DROPPED_FOLDERS = new Set([
  ...["node_modules", "deps", "test", "tests", "__tests__", "example", "examples", "benchmark"],
  ...["docs", "integration-test", "performance-test", "hardware", ".github", "prebuilds"],
]);
/** What other machines or browsers would load. */
const DROPPED_PLACES =
  /node_modules\/(?:better-sqlite3\/build|i2c-bus\/build|epoll\/build|mqtt\/dist)$/;
const DROPPED_FILES =
  /^(?:\.|index\.min\.js|test\.js|licen[cs]e|copying|changelog|readme|authors|history|makefile)/i;

const manifestOf = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** What `name` is to whoever is in `from`; undefined where it is not installed. */
function resolve(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, "node_modules", name);
    if (existsSync(join(folder, "package.json"))) return folder;
    if (at === "." || at === "/") return undefined;
  }
}

/** Folders of `names` and of all that they need, sorted. */
function closure(names) {
  const found = new Set();
  const visit = (name, from, need) => {
    if (NOT_LOADED.test(name)) return;
    const folder = resolve(name, from);
    if (folder === undefined && need === "optional") return;
    if (folder === undefined) throw new Error(`${name}, which ${from} needs, is not installed`);
    if (found.has(folder)) return;
    found.add(folder);
    const { dependencies = {}, optionalDependencies = {} } = manifestOf(folder);
    for (const needed of Object.keys(dependencies)) {
      visit(needed, folder, needed in optionalDependencies ? "optional" : "needed");
    }
    for (const needed of Object.keys(optionalDependencies)) visit(needed, folder, "optional");
  };
  for (const name of names) visit(name, ".", "needed");
  return [...found].sort();
}

/** What the project itself asks for, its own parts left out. */
function direct() {
  const own = [manifestOf("."), manifestOf("firmware-bridge")];
  const names = own.flatMap(({ dependencies = {}, optionalDependencies = {} }) =>
    Object.keys({ ...dependencies, ...optionalDependencies }),
  );
  return [...new Set(names)].filter((name) => name !== "firmware-bridge");
}

const isExternal = (name) =>
  EXTERNAL.some((pattern) =>
    pattern.endsWith("/*") ? name.startsWith(pattern.slice(0, -1)) : name === pattern,
  );

/** Folders of the packages that stay beside the bundle. */
export const besideBundle = () => closure(direct().filter(isExternal));

/** Folders of all packages that are in the program, whether beside the bundle or in it. */
export const allBundled = () => closure([...direct(), ...IN_PAGE]);

function copyFiles(from, to) {
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const path = join(from, entry.name);
    if (entry.isDirectory()) {
      const isDropped = DROPPED_FOLDERS.has(entry.name) || DROPPED_PLACES.test(path);
      if (!isDropped) copyFiles(path, join(to, entry.name));
      continue;
    }
    const isManifest = entry.name === "package.json";
    if (DROPPED_ENDS.has(extname(entry.name)) || DROPPED_FILES.test(entry.name)) continue;
    if (!entry.isFile() || (entry.name.endsWith("-lock.json") && !isManifest)) continue;
    mkdirSync(to, { recursive: true });
    copyFileSync(path, join(to, entry.name));
  }
}

/** Copies the packages beside the bundle into `program`, less what is compiled. */
export function copyModules(program) {
  for (const folder of besideBundle()) copyFiles(folder, join(program, folder));
}

/** Fails where the bundle names a package that `program` lacks. */
export function checkImports(program) {
  const app = join(program, "dist/app");
  const bare = /(?:from|import|import\(|require\()\s*["'](@[\w.-]+\/[\w.-]+|[a-z][\w.-]*)/g;
  const builtin = new Set(builtinModules);
  for (const file of readdirSync(app).filter((name) => name.endsWith(".js"))) {
    for (const [, name] of readFileSync(join(app, file), "utf8").matchAll(bare)) {
      if (builtin.has(name) || !isExternal(name)) continue;
      if (existsSync(join(program, "node_modules", name))) continue;
      throw new Error(`${file} loads ${name}, which is not in the package`);
    }
  }
}
