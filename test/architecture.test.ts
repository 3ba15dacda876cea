import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Which folder may import which, beside `base` and itself. */
const TABLE: Readonly<Record<string, readonly string[]>> = {
  base: [],
  reading: [],
  crdt: [],
  ucan: [],
  "firmware-bridge": ["reading"],
  history: ["reading"],
  replica: ["crdt"],
  overlay: ["replica"],
  office: ["reading", "crdt", "ucan", "replica"],
  sim: [
    "reading",
    "crdt",
    "replica",
    "overlay",
    "office",
    "store",
    "link",
    "node",
    "firmware-bridge",
  ],
  maelstrom: ["crdt", "replica", "overlay"],
  trust: ["ucan", "replica", "overlay", "office", "link"],
  store: ["reading", "replica", "history"],
  link: ["reading", "replica", "overlay", "firmware-bridge"],
  config: ["reading", "firmware-bridge"],
  node: [
    "reading",
    "crdt",
    "ucan",
    "replica",
    "overlay",
    "office",
    "history",
    "store",
    "link",
    "config",
    "firmware-bridge",
  ],
  api: ["reading", "ucan", "office", "node"],
  edge: ["reading", "office", "node", "config", "firmware-bridge"],
  backup: ["store", "trust"],
  service: ["firmware-bridge"],
  doctor: ["reading", "config", "firmware-bridge"],
  // The simulator's options, no more: a type.
  cli: ["api", "config", "doctor", "sim", "ucan"],
  dashboard: ["api", "ucan"],
};
const PURE = ["base", "reading", "crdt", "replica", "overlay", "office", "ucan", "history"];
const IMPURE = [
  /from "node:/,
  /from "(?!\.)[^"]+"/,
  /\bDate\.now\b|\bnew Date\b/,
  /\bMath\.random\b/,
  /\b(setTimeout|setInterval|queueMicrotask|fetch)\(/,
  /\b(process|console|performance|crypto)\./,
];
const LINES_MAX = 400;
const COLUMNS_MAX = 100;

interface Source {
  readonly path: string;
  readonly text: string;
}

function sources(): readonly Source[] {
  return ["src", "firmware-bridge/src"].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
      .map((full) => ({ path: full.slice(ROOT.length), text: readFileSync(full, "utf8") })),
  );
}

const folderOf = (path: string) =>
  path.startsWith("firmware-bridge")
    ? "firmware-bridge"
    : (/^src\/([^/]+)\//.exec(path)?.[1] ?? "");

function importsOf({ path, text }: Source): readonly string[] {
  return [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, target]) =>
    normalize(join(dirname(path), target ?? "")),
  );
}

function forbiddenImports(all: readonly Source[]): readonly string[] {
  return all.flatMap((source) => {
    const from = folderOf(source.path);
    const allowed = from === "" ? undefined : ["base", from, ...(TABLE[from] ?? [])];
    return importsOf(source)
      .filter((target) => allowed !== undefined && !allowed.includes(folderOf(target)))
      .map((target) => `${source.path} imports ${target}`);
  });
}

function impurities(all: readonly Source[]): readonly string[] {
  return all
    .filter(({ path }) => PURE.includes(folderOf(path)))
    .flatMap(({ path, text }) => {
      const code = text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, "");
      return IMPURE.filter((rule) => rule.test(code)).map((rule) => `${path}: ${rule}`);
    });
}

function untidy(all: readonly Source[]): readonly string[] {
  return all.flatMap(({ path, text }) => {
    const lines = text.split("\n");
    const found: string[] = [];
    if (lines.length > LINES_MAX) found.push(`${path}: ${lines.length} lines`);
    if (lines.some((line) => line.length > COLUMNS_MAX)) found.push(`${path}: a long line`);
    if (!/^[a-z0-9/.-]+$/.test(path)) found.push(`${path}: not kebab-case`);
    if (/\/(utils|helpers|manager|index)\b/.test(path)) found.push(`${path}: a name of no meaning`);
    if (/: any\b|as any\b|@ts-|biome-ignore|TODO|FIXME/.test(text)) found.push(`${path}: shortcut`);
    if (/^\s*(export )?(async )?function \w+\([^){]*: boolean/m.test(text)) {
      found.push(`${path}: a boolean parameter`);
    }
    return found;
  });
}

function cycle(all: readonly Source[]): readonly string[] {
  const edges = new Map(all.map((source) => [source.path, importsOf(source)]));
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return [];
    for (const next of edges.get(path) ?? []) {
      const found = visit(next, [...trail, path]);
      if (found.length > 0) return found;
    }
    done.add(path);
    return [];
  };
  for (const path of edges.keys()) {
    const found = visit(path, []);
    if (found.length > 0) return found;
  }
  return [];
}

test("imports point one way", () => assert.deepEqual(forbiddenImports(sources()), []));
test("the core is pure", () => assert.deepEqual(impurities(sources()), []));
test("files are small and plain", () => assert.deepEqual(untidy(sources()), []));
test("no import goes in a circle", () => assert.deepEqual(cycle(sources()), []));

test("each rule sees what it is for", () => {
  const bad = (path: string, text: string) => [{ path, text }];
  assert.equal(forbiddenImports(bad("src/crdt/a.ts", 'import "x" from "../node/b.ts"')).length, 1);
  for (const text of ['import a from "node:fs"', "Date.now()", "Math.random()", "setTimeout(f)"]) {
    assert.notEqual(impurities(bad("src/overlay/a.ts", text)).length, 0, text);
  }
  assert.equal(untidy(bad("src/api/utils.ts", "const a: any = 1; // TODO")).length, 2);
  const ring = [
    { path: "src/a/a.ts", text: 'import { b } from "./b.ts"' },
    { path: "src/a/b.ts", text: 'import { a } from "./a.ts"' },
  ];
  assert.equal(cycle(ring).length, 3);
});
