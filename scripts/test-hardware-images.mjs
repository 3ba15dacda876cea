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

/** What an installed package takes, several times. */
const DISK_SIZE = "2G";

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
  return packedImage(folder);
}

/** This very Node, our hands, and packages to be installed: a Pi that knows nothing of us yet. */
export function packagesImage(work, packages) {
  const folder = join(work, "app");
  const service = "virtual-pi-agent.service";
  const units = "etc/systemd/system";
  mkdirSync(join(folder, units, "multi-user.target.wants"), { recursive: true });
  for (const name of [service, `multi-user.target.wants/${service}`]) {
    cpSync(join(GUEST, units, name), join(folder, units, name), { verbatimSymlinks: true });
  }
  cpSync(join(GUEST, "etc/udev"), join(folder, "etc/udev"), { recursive: true });
  copyFileSync(process.execPath, join(folder, "node"));
  copyFileSync(AGENT, join(folder, "agent.mjs"));
  for (const file of packages) copyFileSync(file, join(folder, basename(file)));
  return packedImage(folder);
}

/** A folder as a disk that is only read; the folder is gone then. */
function packedImage(folder) {
  const image = `${folder}.squashfs`;
  run("nice", ["mksquashfs", folder, image, "-all-root", ...UNCOMPRESSED]);
  rmSync(folder, { recursive: true });
  return image;
}

/** An empty disk to be written to; it takes no more room than what is written. */
export function emptyDisk(work) {
  const image = join(work, "disk.ext4");
  run("mkfs.ext4", ["-q", "-F", image, DISK_SIZE]);
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
