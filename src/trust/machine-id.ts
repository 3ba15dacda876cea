import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

/** A Pi's serial number, which a copied card does not bring along; else what Linux has. */
const SOURCES = ["/proc/device-tree/serial-number", "/etc/machine-id"];
const HEX_DIGITS = 32;

/**
 * What tells this board from another that runs a copy of its card, as a hash: the number itself
 * is nobody's business. `"unknown"` where the system has none.
 */
export function machineId(): string {
  for (const file of SOURCES) {
    try {
      const text = readFileSync(file, "utf8");
      return createHash("sha256").update(`watercooler ${text}`).digest("hex").slice(0, HEX_DIGITS);
    } catch {}
  }
  return "unknown";
}
