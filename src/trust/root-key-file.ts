import { rmSync } from "node:fs";
import { join } from "node:path";
import { createSecret, readIfThere } from "./identity.ts";

const FILE = "mesh-root-key.txt";

/** Keeps a root key until somebody takes it. Throws where the disk does not take it. */
export function keepRootKey(dataDir: string, text: string): string {
  const path = join(dataDir, FILE);
  createSecret(path, `${text}\n`);
  return path;
}

/** The root key that waits to be taken away; undefined where there is none. */
export function waitingRootKey(dataDir: string): string | undefined {
  return readIfThere(join(dataDir, FILE))?.trim();
}

/** Removes it once somebody has it. */
export function dropRootKey(dataDir: string): void {
  rmSync(join(dataDir, FILE), { force: true });
}
