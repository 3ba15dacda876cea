/** A MAC, a number (with a minus only after a gap: "lab-2" is none), or letters and digits. */
const WORD = new RegExp(
  [
    /(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![0-9a-f])/,
    /(?:(?<!\S)-)?\d+(?:[.,]\d+)?/,
    /[\p{L}\p{N}]+/u,
  ]
    .map(({ source }) => source)
    .join("|"),
  "gu",
);
const MAC = /^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$/;
const NUMBER = /^-?\d+(?:\.\d+)?$/;

/** A text as plain words: lower case, no accents, no punctuation; MACs and numbers stay whole. */
export function wordsOf(text: string): readonly string[] {
  const plain = text
    .normalize("NFKD")
    .replace(/\p{M}|['’`´]/gu, "")
    .toLowerCase();
  return [...plain.matchAll(WORD)].map(([word]) =>
    /^[0-9a-f]{2}[:-]/.test(word) ? word.replaceAll("-", ":") : word.replace(",", "."),
  );
}

export function isMac(word: string): boolean {
  return MAC.test(word);
}

/** A word that is a number, such as `21.5`. */
export function isNumber(word: string): boolean {
  return NUMBER.test(word);
}

/** The same words without those that are spent, gaps closed. */
export type Rest = readonly string[];

/** Where a phrase stands in a text, as an index, or -1. */
export function placeOf(phrase: readonly string[], words: Rest): number {
  if (phrase.length === 0) return -1;
  for (let at = 0; at + phrase.length <= words.length; at++) {
    if (phrase.every((word, offset) => words[at + offset] === word)) return at;
  }
  return -1;
}

/** Takes out `count` words at a place. */
export function without(words: Rest, at: number, count: number): Rest {
  return [...words.slice(0, at), ...words.slice(at + count)];
}
