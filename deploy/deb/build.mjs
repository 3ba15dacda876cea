// "npm run deb": builds watercooler_VERSION_ARCH.deb for amd64 and arm64 into dist/packages. Nothing
// in them tells when or where they were built: the same tree gives the same bytes.
//   --arch amd64    only that one
//   --version V     another version than package.json's, to try upgrades
//   --compression C xz, or gzip or none to be quick
//   --out FOLDER    where to put the packages
//   --stage FOLDER  only the files, without Node and native modules: seconds, and no compiler
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { copyright } from "./copyright.mjs";
import { commandsManual, configurationManual } from "./manual.mjs";
import { allBundled, checkImports, copyModules } from "./modules.mjs";
import { ARCHITECTURES, addRuntime, binaries, librariesOf, NODE_VERSION } from "./runtime.mjs";

process.chdir(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

const FILES = "deploy/deb/files";
const PROGRAM = "usr/lib/watercooler";
const DOC = "usr/share/doc/watercooler";
const CONFIG = "etc/watercooler/watercooler.yaml";
const SHELLS = {
  bash: "usr/share/bash-completion/completions/watercooler",
  zsh: "usr/share/zsh/vendor-completions/_watercooler",
  fish: "usr/share/fish/vendor_completions.d/watercooler.fish",
};
const SCRIPTS = ["postinst", "prerm", "postrm"];
/** What is run as it is. Scripts for Node are given to the package's own. */
const SHELL_SCRIPT = Buffer.from("#!/bin/sh");
const PERMISSIONS = { folder: 0o755, file: 0o644, program: 0o755, secret: 0o640 };

const own = (name) => readFileSync(join(FILES, name), "utf8");
/** Without the time that gzip notes: Node's writes none. */
const packed = (text) => gzipSync(text, { level: 9 });

function put(stage, path, content) {
  const file = join(stage, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}

/** The version, and the day on which it was made: what the packages' times are. */
function aboutOf(version) {
  const changelog = own("changelog");
  const [, newest] = /^watercooler \((.+?)\)/.exec(changelog) ?? [];
  const ours = JSON.parse(readFileSync("package.json", "utf8")).version;
  if (newest !== ours) {
    throw new Error(`${FILES}/changelog begins with ${newest}, package.json says ${ours}`);
  }
  const [, date] = /^ -- .*> {2}(.+)$/m.exec(changelog) ?? [];
  const epoch = Number(process.env.SOURCE_DATE_EPOCH ?? Date.parse(date) / 1_000);
  if (!Number.isInteger(epoch)) throw new Error(`no date in ${FILES}/changelog`);
  return {
    version: version ?? ours,
    changelog: changelog.replace(newest, version ?? ours),
    epoch,
    date: new Date(epoch * 1_000).toISOString().slice(0, 10),
  };
}

function addProgram(stage, { version }) {
  const program = join(stage, PROGRAM);
  for (const path of ["bin", "dist/app", "dist/dashboard", "dist/watercooler.schema.json"]) {
    cpSync(path, join(program, path), {
      recursive: true,
      filter: (from) => !from.endsWith(".map"),
    });
  }
  const manifest = { name: "watercooler", version, type: "module", private: true };
  put(program, "package.json", `${JSON.stringify(manifest, undefined, 2)}\n`);
  copyModules(program);
  checkImports(program);
  put(stage, "usr/bin/watercooler", own("watercooler.sh"));
}

/** The command line as it is, with nothing behind it: it is only asked what it has. */
async function commandLine(version) {
  const built = (path) => import(pathToFileURL(join("dist/build/src", path)).href);
  const [{ createProgram }, { completion }] = await Promise.all([
    built("cli/program.js"),
    built("cli/completion.js"),
  ]);
  const silent = { version, stdout: () => {}, stderr: () => {}, env: {} };
  const program = createProgram(silent, () => {});
  return { program, completion };
}

async function addManuals(stage, about) {
  const { program, completion } = await commandLine(about.version);
  for (const [shell, path] of Object.entries(SHELLS)) put(stage, path, completion(program, shell));
  const schema = JSON.parse(readFileSync("dist/watercooler.schema.json", "utf8"));
  put(stage, "usr/share/man/man1/watercooler.1.gz", packed(commandsManual(program, about)));
  const keys = configurationManual(schema, about);
  put(stage, "usr/share/man/man5/watercooler.yaml.5.gz", packed(keys));
}

function addSystem(stage, about) {
  put(stage, CONFIG, own("watercooler.yaml"));
  put(stage, "usr/lib/sysusers.d/watercooler.conf", readFileSync("systemd/sysusers.conf"));
  put(stage, "usr/lib/modules-load.d/watercooler.conf", own("modules-load.conf"));
  put(stage, "usr/lib/udev/rules.d/60-watercooler.rules", own("udev.rules"));
  const unit = "systemd/watercooler.service";
  put(stage, "usr/lib/systemd/system/watercooler.service", readFileSync(unit));
  cpSync(`${unit}.d`, join(stage, DOC, "examples"), { recursive: true });
  // Put in place by postinst where systemd knows what it says.
  put(stage, join(PROGRAM, "backoff.conf"), readFileSync(`${unit}.d/backoff.conf.example`));
  put(stage, "usr/share/lintian/overrides/watercooler", own("lintian-overrides"));
  put(stage, join(DOC, "changelog.gz"), packed(about.changelog));
  put(stage, join(DOC, "copyright"), copyright(allBundled(), readFileSync("LICENSE", "utf8")));
}

/** Paths of all that is in `folder`, sorted, folders before what is in them. */
const listOf = (folder) => readdirSync(folder, { recursive: true }).sort();

function setPermissions(stage, epoch) {
  const isProgram = (path) =>
    path === `${PROGRAM}/node` ||
    readFileSync(join(stage, path)).subarray(0, SHELL_SCRIPT.length).equals(SHELL_SCRIPT);
  const modeOf = (path) => {
    if (lstatSync(join(stage, path)).isDirectory()) return PERMISSIONS.folder;
    if (path === CONFIG) return PERMISSIONS.secret;
    return isProgram(path) ? PERMISSIONS.program : PERMISSIONS.file;
  };
  for (const path of [...listOf(stage).reverse(), "."]) {
    chmodSync(join(stage, path), path === "." ? PERMISSIONS.folder : modeOf(path));
    utimesSync(join(stage, path), epoch, epoch);
  }
}

const BLOCK_BYTES = 1_024;

function addControl(stage, arch, { version }) {
  const files = listOf(stage).filter((path) => lstatSync(join(stage, path)).isFile());
  const sizeKib = listOf(stage).reduce((sum, path) => {
    const stat = lstatSync(join(stage, path));
    return sum + (stat.isFile() ? Math.ceil(stat.size / BLOCK_BYTES) : 1);
  }, 0);
  const sums = files
    .filter((path) => path !== CONFIG)
    .map((path) => {
      const sum = createHash("md5")
        .update(readFileSync(join(stage, path)))
        .digest("hex");
      return `${sum}  ${path}\n`;
    });
  const libraries = librariesOf(binaries(join(stage, PROGRAM)));
  const values = {
    VERSION: version,
    ARCH: arch,
    SIZE: String(sizeKib),
    NODE: NODE_VERSION,
    LIBRARIES: libraries.join(", "),
  };
  const control = own("control").replace(/@(\w+)@/g, (_, name) => values[name]);
  put(stage, "DEBIAN/control", control);
  put(stage, "DEBIAN/conffiles", `/${CONFIG}\n`);
  put(stage, "DEBIAN/md5sums", sums.join(""));
  for (const script of SCRIPTS) put(stage, join("DEBIAN", script), own(script));
}

async function fill(stage, about) {
  addProgram(stage, about);
  await addManuals(stage, about);
  addSystem(stage, about);
}

async function buildPackage(arch, about, { out, compression }) {
  const startedMs = performance.now();
  const stage = mkdtempSync(join(tmpdir(), "watercooler-deb-"));
  try {
    await fill(stage, about);
    const licence = join(stage, "node-license");
    addRuntime(join(stage, PROGRAM), licence, arch);
    put(stage, join(DOC, "node-license.gz"), packed(readFileSync(licence)));
    rmSync(licence);
    addControl(stage, arch, about);
    setPermissions(stage, about.epoch);
    mkdirSync(out, { recursive: true });
    const file = join(out, `watercooler_${about.version}_${arch}.deb`);
    const env = { ...process.env, SOURCE_DATE_EPOCH: String(about.epoch) };
    const args = ["dpkg-deb", "--root-owner-group", `-Z${compression}`, "--build", stage, file];
    execFileSync("nice", args, { env, stdio: ["ignore", "ignore", "inherit"] });
    const size = lstatSync(file).size;
    const tookS = (performance.now() - startedMs) / 1_000;
    console.log(`${file}: ${(size / 1e6).toFixed(1)} MB, ${tookS.toFixed(0)} s`);
  } finally {
    rmSync(stage, { recursive: true, force: true });
  }
}

const text = { type: "string" };
const { values } = parseArgs({
  options: { arch: text, version: text, compression: text, out: text, stage: text },
});
const { arch, stage, version, out = "dist/packages", compression = "xz" } = values;
if (arch !== undefined && ARCHITECTURES[arch] === undefined) {
  console.error(`--arch is one of ${Object.keys(ARCHITECTURES).join(", ")}`);
  process.exit(2);
}
try {
  if (!existsSync("dist/.built")) throw new Error("nothing is built yet: run npm run deb");
  const about = aboutOf(version);
  if (stage === undefined) {
    for (const one of arch === undefined ? Object.keys(ARCHITECTURES) : [arch]) {
      await buildPackage(one, about, { out, compression });
    }
  } else {
    await fill(stage, about);
    setPermissions(stage, about.epoch);
  }
} catch (error) {
  // What a tool printed says more than where we called it.
  console.error(`no package: ${error.stderr?.trim() || error.message}`);
  process.exit(1);
}
