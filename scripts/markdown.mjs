// What the generated pages of docs/ are written with.

/** Text that stands in a table. */
export const cell = (text) =>
  text.replaceAll("|", "\\|").replaceAll("<", "&lt;").replace(/\s+/g, " ").trim();

/** Something that is typed or named as it is. */
export const code = (text) => `\`${text.replaceAll("|", "\\|")}\``;

/** A table; columns that would be empty throughout are left out by who calls. */
export const table = (heads, rows) =>
  [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
