/** One table of figures, and what is to be known about them. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
  readonly notes: readonly string[];
}

/** A section as Markdown. */
export function markdown({ title, head, rows, notes }: Section): string {
  const line = (cells: readonly (string | number)[]) => `| ${cells.map(shown).join(" | ")} |`;
  const table = [line(head), line(head.map(() => "---")), ...rows.map(line)];
  return [`### ${title}`, "", ...table, "", ...notes.flatMap((note) => [note, ""])].join("\n");
}

function shown(cell: string | number): string {
  return typeof cell === "number" ? figure(cell) : cell;
}

/** A figure of three digits that count. */
export function figure(value: number): string {
  const rounded = Number(value.toPrecision(3));
  return rounded.toLocaleString("en", { maximumFractionDigits: rounded < 10 ? 2 : 1 });
}
