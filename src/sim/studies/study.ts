import type { SimOptions, SimPorts } from "../ports.ts";

/** A larger run that measures; it prints a table of its own. */
export interface Study {
  readonly name: string;
  readonly about: string;
  /** Gives 0 where its goals were met, 1 where not. */
  run(options: SimOptions, ports: SimPorts): number;
}

/** Rows with a head, as a Markdown table. */
export function markdown(
  head: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = rows.map((row) => row.map(String));
  const widths = head.map((title, column) =>
    Math.max(title.length, 3, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  const rule = widths.map((width) => "-".repeat(width));
  return line(head) + line(rule) + cells.map(line).join("");
}

/** A share as a percentage with two decimals. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
