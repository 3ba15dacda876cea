import { existsSync } from "node:fs";
import { join } from "node:path";
import { RIVALS } from "./systems.ts";

/** The Node that came with the rivals; this process's own where there is none. */
export function newerNode(): string {
  const path = join(RIVALS, `node_modules/node-linux-${process.arch}/bin/node`);
  return existsSync(path) ? path : process.execPath;
}
