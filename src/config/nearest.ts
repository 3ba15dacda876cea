import { editsBetween } from "../base/edits.ts";

/** Longer words are no misspelling of ours. */
const WORD_LENGTH_MAX = 64;
/** So many letters may be wrong for a guess to be worth saying, and no more than each third one. */
const EDITS_MAX = 2;
const LETTERS_PER_EDIT = 3;

/** The known word most like a misspelled one, or undefined where none is near. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  if (word.length > WORD_LENGTH_MAX) return undefined;
  let best: string | undefined;
  let bestEdits = Math.min(EDITS_MAX, Math.max(1, Math.floor(word.length / LETTERS_PER_EDIT))) + 1;
  for (const candidate of known) {
    const edits = editsBetween(word.toLowerCase(), candidate);
    if (edits < bestEdits) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}
