import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Finding, failure, fine, warning } from "./finding.ts";

const SECRETS = ["identity.pem", "membership.json", "mesh-root-key.txt"];
const ROOT_KEY = "mesh-root-key.txt";
/** What group and others may do with a file. */
const OTHERS_MODE = 0o077;

/** Whether only the node's own user can read its keys, and none lies here that should not. */
export function checkKeys(dataDir: string): readonly Finding[] {
  const there = [...SECRETS, ...httpsKeysIn(dataDir)].map((name) => ({
    name,
    stat: statOf(join(dataDir, name)),
  }));
  const found = there.flatMap(({ name, stat }) => (stat === undefined ? [] : [{ name, stat }]));
  if (found.length === 0) return [];
  const open = found.filter(({ stat }) => (stat.mode & OTHERS_MODE) !== 0);
  const strange = found.filter(({ stat }) => stat.uid !== found[0]?.stat.uid);
  const list = (of: typeof found) => of.map(({ name }) => join(dataDir, name)).join(" ");
  const findings: Finding[] = [];
  if (open.length > 0) {
    const says = `others can read ${list(open)}`;
    findings.push(failure("keys", says, `chmod 600 ${list(open)}, then watercooler rekey`));
  }
  if (strange.length > 0) {
    findings.push(failure("keys", `${list(strange)} are another user's`, "chown them"));
  }
  if (found.some(({ name }) => name === ROOT_KEY)) {
    const says = "the mesh's root key still lies on this node";
    findings.push(warning("keys", says, "write down what watercooler root-key shows, --remove it"));
  }
  return findings.length > 0 ? findings : [fine("keys", "only the node's own user reads them")];
}

/** The keys of HTTPS: the node's, and the authority's where this node is it. */
function httpsKeysIn(dataDir: string): readonly string[] {
  try {
    return readdirSync(dataDir).filter((name) => /^(?:https|authority-\w+)\.key$/.test(name));
  } catch {
    return [];
  }
}

function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // A folder that may not be looked into tells nothing about its files.
    return undefined;
  }
}
