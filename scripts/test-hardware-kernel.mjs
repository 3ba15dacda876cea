// The virtual Pi's kernel: Debian's own, with two modules built beside it. One is the kernel's GPIO
// simulation, which Debian builds into no kernel of its own; one is our I2C bus with a BME280.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";

const OURS = "test/hardware/kernel";
/** What the machine needs beyond what is built in; what these need is found by itself. */
const WANTED = [
  "virtio_pci",
  "virtio_blk",
  "virtio_net",
  "virtio_console",
  "squashfs",
  "overlay",
  // A disk that is written to; the checksum is loaded by name only, so nothing else asks for it.
  "crc32c_generic",
  "ext4",
  "autofs4",
  "configfs",
  "i2c-dev",
  "industrialio",
  "bmp280-i2c",
];
const BUILT = ["virtual_pi_gpio", "virtual_pi_i2c"];
/** Of the kernel's source, what the GPIO simulation is made of. */
const SOURCES = ["drivers/gpio/gpio-sim.c", "drivers/gpio/gpiolib.h", "kernel/irq/irq_sim.c"];
/** Nothing takes so long to make: who began it was ended. A guess with room. */
const PART_MS_MAX = 3_600_000;

const sh = (command, options = {}) =>
  execFileSync("bash", ["--norc", "-euo", "pipefail", "-c", command], {
    encoding: "utf8",
    ...options,
  });

/** The packages that one depends on, and whose names match; none where apt does not know it. */
function dependency(of, pattern) {
  const out = sh(`apt-cache depends ${of} 2>/dev/null || true`);
  const found = [...out.matchAll(/Depends: (\S+)/g)].map(([, name]) => name);
  return found.filter((name) => pattern.test(name));
}

/** Removes what stands in the place of `kept`, and what somebody who is gone did not finish. */
export function tidy(kept, prefix) {
  for (const name of readdirSync(dirname(kept)).filter((found) => found.startsWith(prefix))) {
    const path = join(dirname(kept), name);
    const isBeingMade =
      name.includes(".part-") && Date.now() - statSync(path).mtimeMs < PART_MS_MAX;
    if (path !== kept && !isBeingMade) rmSync(path, { recursive: true, force: true });
  }
}

/** Downloads a package without installing it. Gives the file. */
export function download(name, into) {
  mkdirSync(into, { recursive: true });
  sh(`apt-get -q -o APT::Sandbox::User=root download ${name}`, { cwd: into, stdio: "pipe" });
  const [file] = readdirSync(into).filter((found) => found.startsWith(`${name}_`));
  if (file === undefined) throw new Error(`apt-get download ${name} gave no file`);
  return join(into, file);
}

/** Makes `made` by `make(folder)`, unless it is there; never half, whoever else makes it too. */
export function once(made, make) {
  if (existsSync(made)) return made;
  const folder = mkdtempSync(`${made}.part-`);
  try {
    make(folder);
    renameSync(folder, made);
  } catch (error) {
    if (!existsSync(made)) throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return made;
}

function unpack(release, folder) {
  console.log(`Fetching Linux ${release}, its headers and its source ...`);
  if (process.getuid?.() === 0) sh("apt-get -q update", { stdio: "pipe" });
  const headers = `linux-headers-${release}`;
  const [source] = dependency("linux-source", /^linux-source-/);
  const parts = [
    `linux-image-${release}`,
    headers,
    ...dependency(headers, /^linux-(headers-.*-common|kbuild-)/),
  ];
  const debs = join(folder, "debs");
  for (const part of parts) sh(`dpkg-deb -x ${download(part, debs)} ${folder}`);
  // They expect to be installed, and name the other half by an absolute path.
  const makefile = join(folder, "usr/src", headers, "Makefile");
  const absolute = /^include \/usr\/src\//;
  const relative = "include $(dir $(lastword $(MAKEFILE_LIST)))../";
  writeFileSync(makefile, readFileSync(makefile, "utf8").replace(absolute, relative));
  const tar = `./usr/src/${source}.tar.xz`;
  const files = SOURCES.map((path) => `${source}/${path}`).join(" ");
  const out = join(folder, "source");
  mkdirSync(out);
  sh(
    `dpkg-deb --fsys-tarfile ${download(source, debs)} | tar -xO ${tar} | ` +
      `tar -xJ -C ${out} --transform='s|.*/||' ${files}`,
  );
  rmSync(debs, { recursive: true });
}

/** The modules to load, each after those that it needs. */
function inOrder(root) {
  const files = new Map(
    readdirSync(join(root, "lib/modules"), { recursive: true })
      .filter((path) => path.endsWith(".ko"))
      .map((path) => [nameOf(path), join(root, "lib/modules", path)]),
  );
  const order = [];
  const visit = (name) => {
    const file = files.get(nameOf(name));
    if (file === undefined) throw new Error(`this kernel has no module ${name}`);
    const [, needs = ""] = /\0depends=([^\0]*)/.exec(readFileSync(file, "latin1")) ?? [];
    for (const needed of needs.split(",").filter(Boolean)) visit(needed);
    if (!order.includes(file)) order.push(file);
  };
  for (const name of WANTED) visit(name);
  return order;
}

const nameOf = (path) => basename(path, ".ko").replaceAll("-", "_");

function build(root, release, folder) {
  for (const path of [join(root, "source"), OURS]) {
    for (const file of readdirSync(path)) copyFileSync(join(path, file), join(folder, file));
  }
  // What the kernel itself may call is not for modules; this is the same by another way.
  const simulation = join(folder, "irq_sim.c");
  const include = "#include <linux/irq_sim.h>";
  const instead = "#define irq_to_desc(irq) irq_data_to_desc(irq_get_irq_data(irq))";
  writeFileSync(
    simulation,
    readFileSync(simulation, "utf8").replace(
      include,
      `${include}\n#include <linux/irqdesc.h>\n${instead}`,
    ),
  );
  const headers = join(root, "usr/src", `linux-headers-${release}`);
  const made = `nice make -C ${headers} M=${folder} modules`;
  sh(`${made} >${folder}/log 2>&1 || { cat ${folder}/log >&2; exit 1; }`);
}

/** The kernel that Debian has now. */
function releaseNow() {
  const [image] = dependency("linux-image-amd64", /^linux-image-/);
  return image?.replace("linux-image-", "");
}

function updated(look) {
  if (process.getuid?.() === 0) sh("apt-get -q update", { stdio: "pipe" });
  return look();
}

/** The kernel's image and its modules in the order to load them, from the cache or made now. */
export function kernel(cache) {
  const release = releaseNow() ?? updated(releaseNow);
  if (release === undefined) throw new Error("apt knows no linux-image-amd64: run apt-get update");
  const root = once(join(cache, `linux-${release}`), (folder) => unpack(release, folder));
  const hash = createHash("sha256");
  for (const file of readdirSync(OURS).sort()) hash.update(readFileSync(join(OURS, file)));
  const own = join(cache, `modules-${release}-${hash.digest("hex").slice(0, 12)}`);
  once(own, (folder) => build(root, release, folder));
  tidy(root, "linux-");
  tidy(own, "modules-");
  const modules = [...inOrder(root), ...BUILT.map((name) => join(own, `${name}.ko`))];
  return { image: join(root, "boot", `vmlinuz-${release}`), release, modules };
}
