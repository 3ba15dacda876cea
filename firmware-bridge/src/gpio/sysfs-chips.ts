import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { chooseChip, type FoundChip, type LineRequest } from "./port.ts";

export const SYSFS_GPIO = "/sys/class/gpio";

interface SysfsChip extends FoundChip {
  readonly base: number;
  readonly count: number;
}

/**
 * The number that sysfs has for a line.
 *
 * Since kernel 6.6 the Pi's chip does not begin at 0 but at 512, on a Pi 5 elsewhere yet: its
 * label says which chip it is, its base where its lines begin.
 */
export async function sysfsNumber(request: LineRequest, root = SYSFS_GPIO): Promise<number> {
  const chip = chooseChip(await sysfsChips(root), request, root);
  if (request.pin >= chip.count) throw new Error("EINVAL");
  return chip.base + request.pin;
}

export async function sysfsChips(root = SYSFS_GPIO): Promise<readonly SysfsChip[]> {
  const names = (await readdir(root)).filter((name) => /^gpiochip\d+$/.test(name)).sort();
  return Promise.all(
    names.map(async (name) => {
      const text = async (file: string) => (await readFile(join(root, name, file), "utf8")).trim();
      const base = Number(await text("base"));
      const count = Number(await text("ngpio"));
      return { label: await text("label"), base, count, at: `base ${base}` };
    }),
  );
}
