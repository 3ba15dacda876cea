import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import SQLite from "better-sqlite3";
import { keep } from "../../src/store/kept.ts";
import { migrate, type Step, schemaVersion } from "../../src/store/migrations.ts";
import { PROGRAM } from "../integration/lan.ts";
import type { Dots } from "./dots.ts";
import type { Pi } from "./pi.ts";

/** Speaks the next wire version, and writes entries of a kind that this one does not know. */
const LATER_PROGRAM = fileURLToPath(new URL("../integration/next-wire-node.js", import.meta.url));

/** What a later version may do to a file's schema; it leaves word of how to go back. */
const LATER_STEP: Step = {
  up: "CREATE TABLE later (what TEXT); INSERT INTO later VALUES ('of a later version')",
  down: "DROP TABLE later",
};
const NO_STEP: Step = { up: "", down: "" };

export const isLater = ({ host }: Pi): boolean => host.program === LATER_PROGRAM;

/**
 * Ends a node and starts it on the same card as the other version of the program. What the later
 * one leaves has a schema of its own, as after a real upgrade that is taken back.
 */
export async function changeVersion(
  pi: Pi,
  signal: "SIGTERM" | "SIGKILL",
  dots: Dots,
): Promise<void> {
  const { host } = pi;
  await host.kill(signal);
  dots.witness(pi);
  if (isLater(pi)) {
    for (const name of ["state.db", "history.db"]) leaveLaterSchema(join(pi.data, name));
    host.program = PROGRAM;
  } else host.program = LATER_PROGRAM;
  host.start();
}

/** Once for each file: one that the present version was too short-lived to take back has it. */
function leaveLaterSchema(path: string): void {
  if (!existsSync(path)) return;
  const db = keep(new SQLite(path));
  try {
    const query = "SELECT 1 FROM sqlite_master WHERE name = 'later'";
    if (keep(db.prepare(query)).get() !== undefined) return;
    const steps = Array.from({ length: schemaVersion(db) }, () => NO_STEP);
    // A file without a schema is not one that the node got to make.
    if (steps.length > 0) migrate(db, [...steps, LATER_STEP]);
  } finally {
    db.close();
  }
}
