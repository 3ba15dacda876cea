import { readFileSync } from "node:fs";
import { enrol } from "../../src/trust/enrol.ts";
import { identityFromPem } from "../../src/trust/identity.ts";

/** Makes a data folder a member of the mesh whose root key lies in a file of the test. */
export function enrolIn(dataDir: string, rootFile: string): void {
  const root = identityFromPem(readFileSync(rootFile, "utf8"));
  if (!root.ok) throw new Error(root.error);
  enrol(dataDir, root.value);
}
