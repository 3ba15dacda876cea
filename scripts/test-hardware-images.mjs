// The virtual Pi's disks: Debian's root under systemd, ours with Node and the package, and the first
// program that puts them together.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
} from "node:fs";
import { basename, join } from "node:path";
import { download, once, tidy } from "./test-hardware-kernel.mjs";

const GUEST = "test/hardware/guest";
const AGENT = "dist/build/test/hardware/guest/agent.js";
const ROOT_PACKAGES = [
  "systemd",
  "systemd-sysv",
  "udev",
  "dbus",
  "iproute2",
  "gpiod",
  "i2c-tools",
  "libstdc++6",
];
/** Squeezing costs more time here than the disk is worth. */
const UNCOMPRESSED = ["-noI", "-noD", "-noF", "-noX", "-no-progress", "-quiet"];

const run = (file, args, options = {}) =>
  execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], ...options });

/** Debian's root, as a disk that is only read. */
export function rootImage(cache, suite) {
  const key = createHash("sha256").update(ROOT_PACKAGES.join()).digest("hex").slice(0, 12);
  const image = once(join(cache, `root-${suite}-${key}`), (folder) => {
    console.log(`Making a root of Debian ${suite} under systemd ...`);
    const tar = join(folder, "root.tar");
    const include = `--include=${ROOT_PACKAGES.join()}`;
    run("nice", ["mmdebstrap", "--quiet", "--variant=minbase", include, suite, tar]);
    const args = ["-c", `exec sqfstar ${UNCOMPRESSED.join(" ")} "$1" <"$0"`];
    run("sh", [...args, tar, join(folder, "root.squashfs")]);
    rmSync(tar);
  });
  tidy(image, "root-");
  return join(image, "root.squashfs");
}

/** Folders of the packages that a user's install has, in a tree that may hold more. */
function productionModules() {
  const { packages } = JSON.parse(readFileSync("node_modules/.package-lock.json", "utf8"));
  return Object.entries(packages)
    .filter(([, { dev, devOptional, link }]) => !dev && !devOptional && !link)
    .map(([path]) => path)
    .filter((path) => existsSync(path));
}

/** This very Node, our package as a user has it, and what the guest needs to be told what to do. */
export function appImage(work) {
  const folder = join(work, "app");
  const program = join(folder, "watercooler");
  const { files } = JSON.parse(readFileSync("package.json", "utf8"));
  for (const path of ["package.json", ...files, ...productionModules()]) {
    cpSync(path, join(program, path), { recursive: true, dereference: true });
  }
  copyFileSync(process.execPath, join(folder, "node"));
  copyFileSync(AGENT, join(folder, "agent.mjs"));
  cpSync(join(GUEST, "etc"), join(folder, "etc"), { recursive: true });
  const image = join(work, "app.squashfs");
  run("nice", ["mksquashfs", folder, image, "-all-root", ...UNCOMPRESSED]);
  rmSync(folder, { recursive: true });
  return image;
}

/** The archive that the kernel unpacks first: BusyBox, modules in their order, and our init. */
export function bootImage({ cache, work, modules }) {
  const tools = once(join(cache, "busybox"), (folder) => {
    run("dpkg-deb", ["-x", download("busybox-static", folder), folder]);
  });
  const folder = join(work, "boot");
  mkdirSync(join(folder, "modules"), { recursive: true });
  mkdirSync(join(folder, "bin"));
  const busybox = [join(tools, "bin/busybox"), join(tools, "usr/bin/busybox")].find(existsSync);
  copyFileSync(busybox, join(folder, "bin/busybox"));
  copyFileSync(join(GUEST, "init"), join(folder, "init"));
  chmodSync(join(folder, "init"), 0o755);
  modules.forEach((file, at) => {
    copyFileSync(file, join(folder, "modules", `${String(at).padStart(2, "0")}-${basename(file)}`));
  });
  const image = join(work, "boot.cpio");
  const pack = 'cd "$0" && find . | "$1" cpio -o -H newc >"$2" 2>/dev/null';
  run("sh", ["-c", pack, folder, busybox, image]);
  rmSync(folder, { recursive: true });
  return image;
}
