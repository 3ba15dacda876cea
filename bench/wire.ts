import { readFileSync } from "node:fs";

export interface Traffic {
  readonly bytes: number;
  readonly packets: number;
}

/**
 * What this network namespace has sent so far on all its interfaces, headers and acknowledgements
 * included. Only of meaning where no other program shares the namespace.
 */
export function traffic(): Traffic {
  const rows = readFileSync("/proc/net/dev", "utf8").split("\n").slice(2);
  const sent = rows
    .map((row) => row.split(":")[1]?.trim().split(/\s+/).map(Number) ?? [])
    .filter((fields) => fields.length > 9);
  const sum = (at: number) => sent.reduce((total, fields) => total + (fields[at] ?? 0), 0);
  return { bytes: sum(8), packets: sum(9) };
}
