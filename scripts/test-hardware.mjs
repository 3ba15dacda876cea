// "npm run test:hardware": makes a virtual Pi from Debian's packages and our build, then runs the
// tests under test/hardware, which boot it in QEMU. The first time takes a few minutes and some
// 250 MB of packages; later runs take what they made from the cache.
import { appImage, bootImage, rootImage } from "./test-hardware-images.mjs";
import { kernel } from "./test-hardware-kernel.mjs";
import { orTell, runTests, started } from "./test-hardware-tools.mjs";

const { cache, debian, work } = started();

function make() {
  const { image, release, modules } = kernel(cache);
  const root = rootImage(cache, debian);
  const initramfs = bootImage({ cache, work, modules });
  console.log(`A virtual Pi: Debian ${debian}, Linux ${release}, Node ${process.versions.node}`);
  return { kernel: image, initramfs, root, app: appImage(work), work };
}

runTests("--hardware", { VIRTUAL_PI: JSON.stringify(orTell(make)) });
