// What is made for one processor: Node itself, and the native modules compiled against it. Both come
// from the package registry and are kept in a cache, since they take minutes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** The newest 24 that the registry has for both processors. */
export const NODE_VERSION = "24.21.0";

/** Debian's names of processors, with Node's and the compiler's. */
export const ARCHITECTURES = {
  amd64: { node: "x64", gnu: "x86_64-linux-gnu", compiler: "g++-x86-64-linux-gnu" },
  arm64: { node: "arm64", gnu: "aarch64-linux-gnu", compiler: "g++-aarch64-linux-gnu" },
};

/** Compiled here; `serialport` brings binaries of its own. */
const COMPILED = { "better-sqlite3": "better_sqlite3", "i2c-bus": "i2c", epoll: "epoll" };
/** What they find while they are compiled. */
const HEADERS_ONLY = ["nan"];
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "watercooler-deb");

const run = (file, args, options = {}) =>
  execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options });

const isHere = (tool) => {
  try {
    run("sh", ["-c", `command -v ${tool}`]);
    return true;
  } catch {
    return false;
  }
};

/** A tool for that processor; this machine's own where it is the same. */
function tool(name, arch) {
  const { gnu, compiler, node } = ARCHITECTURES[arch];
  const cross = `${gnu}-${name}`;
  if (isHere(cross)) return cross;
  if (node === process.arch && isHere(name)) return name;
  throw new Error(`${cross} is not here: sudo apt-get install ${compiler}`);
}

const strip = (arch, args) =>
  run(tool("strip", arch), ["--strip-unneeded", "-R", ".comment", "-R", ".note", ...args]);

/** Makes `made` by `make(folder)` where it is not there; never half. */
function once(made, make) {
  if (existsSync(made)) return made;
  mkdirSync(dirname(made), { recursive: true });
  const folder = mkdtempSync(`${made}.part-`);
  try {
    make(folder);
    if (!existsSync(made)) renameSync(folder, made);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return made;
}

/** Node with its headers and its licence, as the registry has it. */
function nodeFolder(arch) {
  const name = `node-linux-${ARCHITECTURES[arch].node}`;
  return once(join(CACHE, `${name}-${NODE_VERSION}`), (folder) => {
    console.log(`Fetching ${name} ${NODE_VERSION} ...`);
    const [npm, ...ours] = npmCommand();
    run(npm, [...ours, "pack", "--silent", `${name}@${NODE_VERSION}`], { cwd: folder });
    const [archive] = readdirSync(folder);
    run("tar", ["-xzf", archive, "--strip-components=1"], { cwd: folder });
    rmSync(join(folder, archive));
  });
}

/** The npm that started us, else the one on the path. */
function npmCommand() {
  const ours = process.env.npm_execpath ?? "";
  return ours.endsWith("npm-cli.js") ? [process.execPath, ours] : ["npm"];
}

/** npm brings the tool that compiles modules. */
function nodeGyp() {
  const [npm, ...ours] = npmCommand();
  const root = run(npm, [...ours, "root", "--global"]).trim();
  const places = [join(root, "npm"), dirname(dirname(process.env.npm_execpath ?? "/"))];
  const found = places
    .map((place) => join(place, "node_modules/node-gyp/bin/node-gyp.js"))
    .find(existsSync);
  if (found === undefined) throw new Error("npm's own node-gyp was not found: install npm");
  return found;
}

/** The native modules of the versions that are installed, compiled for that Node. */
function compiled(arch) {
  const hash = createHash("sha256").update(`${NODE_VERSION} ${arch}`);
  for (const name of Object.keys(COMPILED)) {
    hash.update(JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8")).version);
  }
  const made = join(CACHE, `modules-${arch}-${hash.digest("hex").slice(0, 12)}`);
  return once(made, (folder) => {
    const headers = nodeFolder(arch);
    const gyp = nodeGyp();
    const env = { ...process.env, CC: tool("gcc", arch), CXX: tool("g++", arch) };
    env.AR = tool("ar", arch);
    const work = join(folder, "work");
    const modules = join(work, "node_modules");
    for (const name of [...Object.keys(COMPILED), ...HEADERS_ONLY]) {
      cpSync(join("node_modules", name), join(modules, name), { recursive: true });
    }
    for (const [name, file] of Object.entries(COMPILED)) {
      console.log(`Compiling ${name} for ${arch} ...`);
      const cwd = join(modules, name);
      const target = [`--arch=${ARCHITECTURES[arch].node}`, `--nodedir=${resolve(headers)}`];
      // npm's own setting would win over the option.
      env.npm_config_nodedir = resolve(headers);
      rmSync(join(cwd, "build"), { recursive: true, force: true });
      run("nice", [process.execPath, gyp, "rebuild", "--release", ...target], { cwd, env });
      const built = join(folder, name, `${file}.node`);
      mkdirSync(dirname(built), { recursive: true });
      copyFileSync(join(cwd, "build/Release", `${file}.node`), built);
      strip(arch, [built]);
    }
    rmSync(work, { recursive: true });
  });
}

/** Puts Node and the native modules into `program`, and Node's licence into `licence`. */
export function addRuntime(program, licence, arch) {
  const folder = nodeFolder(arch);
  const stripped = once(join(CACHE, `stripped-${arch}-${NODE_VERSION}`), (made) => {
    strip(arch, ["-o", join(made, "node"), join(folder, "bin/node")]);
  });
  copyFileSync(join(stripped, "node"), join(program, "node"));
  const modules = compiled(arch);
  for (const [name, file] of Object.entries(COMPILED)) {
    const place = join(program, "node_modules", name, "build/Release", `${file}.node`);
    mkdirSync(dirname(place), { recursive: true });
    copyFileSync(join(modules, name, `${file}.node`), place);
  }
  const ports = "node_modules/@serialport/bindings-cpp/prebuilds";
  const [prebuilt] = readdirSync(ports).filter((name) =>
    new RegExp(`^linux-.*${ARCHITECTURES[arch].node}`).test(name),
  );
  if (prebuilt === undefined) throw new Error(`serialport has no binary for ${arch}`);
  mkdirSync(join(program, ports, prebuilt), { recursive: true });
  for (const file of readdirSync(join(ports, prebuilt)).filter((one) => one.includes("glibc"))) {
    const place = join(program, ports, prebuilt, file);
    copyFileSync(join(ports, prebuilt, file), place);
    strip(arch, [place]);
  }
  writeFileSync(licence, readFileSync(join(folder, "LICENSE")));
}

/** All files in `program` that are made for one processor. */
export function binaries(program) {
  return readdirSync(program, { recursive: true })
    .filter((path) => path === "node" || path.endsWith(".node"))
    .map((path) => join(program, path))
    .sort();
}

/** What `files` want of the system's libraries, as Debian's relations. */
export function librariesOf(files) {
  const wanted = files.flatMap((file) =>
    [...run("readelf", ["-W", "-V", file]).matchAll(/\b(GLIBC|GLIBCXX|GCC)_([\d.]+)/g)].map(
      ([, library, version]) => ({ library, version }),
    ),
  );
  const newest = (name) =>
    wanted
      .filter(({ library }) => library === name)
      .map(({ version }) => version)
      .sort((one, other) => one.localeCompare(other, "en", { numeric: true }))
      .at(-1);
  return [
    `libc6 (>= ${newest("GLIBC")})`,
    "libgcc-s1",
    `libstdc++6 (>= ${compilerOf(newest("GLIBCXX"))})`,
  ];
}

/** The compiler whose library first had that version of its symbols (GCC's ABI history). */
function compilerOf(symbols) {
  const first = { 21: "5", 22: "6", 23: "7", 24: "7", 25: "8", 26: "9", 27: "9", 28: "9" };
  const later = { 29: "11", 30: "12", 31: "13", 32: "13", 33: "14" };
  const minor = Number(symbols.split(".")[2] ?? 0);
  const found = minor < 21 ? "5" : { ...first, ...later }[minor];
  if (found === undefined) throw new Error(`which libstdc++ has GLIBCXX_${symbols}?`);
  return found;
}
