import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const CARDS = fileURLToPath(new URL("../../../../deploy/cards/", import.meta.url));
export const EXAMPLE_TABLE = join(CARDS, "cards.example.csv");
export const INVITATION = "01234-56789-ABCDE-FGHJK-MNPQR-STVWX-YZ012-34567";

/** A folder with all that the script takes, and the script itself. */
export function cardMaker(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-cards-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const put = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const deb = put("watercooler_0.1.0_arm64.deb", "a package");
  const out = join(folder, "out");
  const make = (table: string, ...more: readonly string[]) => {
    const args = [table, "--invitation", INVITATION, "--deb", deb, "--out", out, ...more];
    return spawnSync(process.execPath, [join(CARDS, "make-cards.mjs"), ...args], {
      encoding: "utf8",
    });
  };
  return { put, out, make };
}
