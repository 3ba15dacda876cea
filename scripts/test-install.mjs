// "npm run test:install": builds the Debian package twice, as what is installed and as what it is
// upgraded to, then runs the tests under test/install, which install it in a virtual Pi with systemd.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { bootImage, emptyDisk, packagesImage, rootImage } from "./test-hardware-images.mjs";
import { kernel } from "./test-hardware-kernel.mjs";
import { orTell, runTests, started } from "./test-hardware-tools.mjs";

/** Debian sorts it before every release. */
const FORMER = "0.0.1";
const COMPILER = { "g++": "g++", strip: "binutils", "mkfs.ext4": "e2fsprogs" };

const { cache, debian, work } = started(COMPILER);

/** The package for this machine. The newer one is left unpacked: how it is packed is seen already. */
function build(version, ...more) {
  const args = ["deploy/deb/build.mjs", "--arch", "amd64", "--version", version, "--out", work];
  execFileSync(process.execPath, [...args, ...more], { stdio: ["ignore", "inherit", "pipe"] });
  return join(work, `watercooler_${version}_amd64.deb`);
}

function make() {
  const { image, release, modules } = kernel(cache);
  const root = rootImage(cache, debian);
  const initramfs = bootImage({ cache, work, modules });
  const newer = "1000.0.0";
  const packages = [build(FORMER), build(newer, "--compression", "none")];
  console.log(`A virtual Pi: Debian ${debian}, Linux ${release}`);
  const machine = { kernel: image, initramfs, root, app: packagesImage(work, packages), work };
  return { ...machine, disk: emptyDisk(work), versions: [FORMER, newer] };
}

runTests("--install", { VIRTUAL_PI_INSTALL: JSON.stringify(orTell(make)) });
