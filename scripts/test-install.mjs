// "npm run test:install": builds the Debian package twice, as what is installed and as what it is
// upgraded to, then runs the tests under test/install, which install it in a virtual Pi with systemd.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { bootImage, emptyDisk, packagesImage, rootImage } from "./test-hardware-images.mjs";
import { kernel } from "./test-hardware-kernel.mjs";
import { orTell, runTests, started } from "./test-hardware-tools.mjs";

/** Debian sorts the one before every release, the other after. */
const FORMER = "0.0.1";
const NEWER = "1000.0.0";
const MORE_TOOLS = {
  "g++": "g++",
  "aarch64-linux-gnu-g++": "g++-aarch64-linux-gnu",
  "qemu-aarch64-static": "qemu-user-static",
  "mkfs.ext4": "e2fsprogs",
  lintian: "lintian",
};

const { cache, debian, work } = started(MORE_TOOLS);

/** Packed less tight than what is shipped, which takes a minute of xz each. */
function build(arch, version, compression) {
  const args = ["--arch", arch, "--version", version, "--compression", compression, "--out", work];
  execFileSync(process.execPath, ["deploy/deb/build.mjs", ...args], {
    stdio: ["ignore", "inherit", "pipe"],
  });
  return join(work, `watercooler_${version}_${arch}.deb`);
}

function make() {
  const { image, release, modules } = kernel(cache);
  const root = rootImage(cache, debian);
  const initramfs = bootImage({ cache, work, modules });
  const amd64 = [build("amd64", FORMER, "gzip"), build("amd64", NEWER, "none")];
  const arm64 = build("arm64", FORMER, "none");
  console.log(`A virtual Pi: Debian ${debian}, Linux ${release}`);
  const machine = { kernel: image, initramfs, root, app: packagesImage(work, amd64), work };
  const given = { ...machine, disk: emptyDisk(work), versions: [FORMER, NEWER] };
  return {
    VIRTUAL_PI_INSTALL: JSON.stringify(given),
    PACKAGE_AMD64: amd64[0],
    PACKAGE_ARM64: arm64,
  };
}

runTests("--install", orTell(make));
