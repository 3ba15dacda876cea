/** Between two letters it is not seen, and no service takes what it parts for a name. */
const JOINER = "\u200d";

/** Longer answers are cut off; Slack takes 40,000 characters, Mattermost 16,383. A guess. */
const TEXT_LENGTH_MAX = 3_000;

/**
 * An answer that calls nobody: services call people at an @ and, where somebody asked for it, at
 * their bare name.
 */
export function quiet(text: string, names: readonly string[]): string {
  let said = text.slice(0, TEXT_LENGTH_MAX);
  const words = new Set(names.flatMap((name) => name.split(/\s+/)).filter((word) => word !== ""));
  // The longest first: of two names one may be the other's beginning.
  const sorted = [...words].sort((left, right) => right.length - left.length);
  for (const word of sorted) said = said.replaceAll(word, parted(word));
  return said.replaceAll("@", `@${JOINER}`);
}

function parted(word: string): string {
  const [first = "", ...rest] = [...word];
  return rest.length === 0 ? `${first}${JOINER}` : `${first}${JOINER}${rest.join("")}`;
}
