import { editsBetween } from "../../base/edits.ts";
import { type Rest, without, wordsOf } from "./words.ts";

/** Longer texts name no room: a name has 63 letters (`reading.ts`), some slips beside it. */
const NAME_LENGTH_MAX = 72;
/** Names of more words are found by their beginning. A guess. */
const NAME_WORDS_MAX = 12;
/** A slip in each so many letters is still the same name. A guess: "metting rom". */
const LETTERS_PER_SLIP = 4;
/** Shorter words are read as they stand: "hub" is no misspelt "lab". */
const SLIP_LENGTH_MIN = 4;
/** A shorter beginning of a name is chance. */
const PREFIX_LENGTH_MIN = 2;

/** A room's name that stands in a text word by word, and what is left of the text. */
export interface Spotted {
  readonly room: string;
  readonly rest: Rest;
}

/** The longest room's name that a text has in it as it is, plurals and gaps aside. */
export function spotRoom(words: Rest, rooms: readonly string[]): Spotted | undefined {
  const named = new Map(rooms.map((room) => [bare(wordsOf(room)), room]));
  for (let length = Math.min(words.length, NAME_WORDS_MAX); length > 0; length--) {
    for (let at = 0; at + length <= words.length; at++) {
      const room = named.get(bare(words.slice(at, at + length)));
      if (room !== undefined) return { room, rest: without(words, at, length) };
    }
  }
  return undefined;
}

/**
 * The rooms that may be meant by some words: the exact name, else names that these words begin,
 * else names with a slip or two. Several where the words fit several equally; empty for none.
 */
export function matchRooms(said: Rest, rooms: readonly string[]): readonly string[] {
  const text = bare(said);
  if (text === "" || text.length > NAME_LENGTH_MAX) return [];
  const exact = rooms.filter((room) => bare(wordsOf(room)) === text);
  if (exact.length > 0) return exact;
  const begun = rooms.filter((room) => begins(said, wordsOf(room)));
  if (begun.length > 0) return begun;
  return nearestOf(text, said, rooms);
}

/** Each word begins another word of the name, in the name's order: "meet", "open sp", "lab 2". */
function begins(said: Rest, name: Rest): boolean {
  let from = 0;
  for (const word of said) {
    const short = singular(word);
    const long = word.length >= PREFIX_LENGTH_MIN;
    const at = name.findIndex(
      (part, place) =>
        place >= from && (singular(part) === short || (long && part.startsWith(short))),
    );
    if (at < 0) return false;
    from = at + 1;
  }
  return said.length > 0;
}

function nearestOf(text: string, said: Rest, rooms: readonly string[]): readonly string[] {
  if (text.length < SLIP_LENGTH_MIN) return [];
  let best: string[] = [];
  let fewest = Math.max(1, Math.floor(text.length / LETTERS_PER_SLIP));
  for (const room of rooms) {
    const name = wordsOf(room);
    // Also the name's beginning, so that a slip and a left-out word go together.
    const heads = name.map((_, at) => bare(name.slice(0, at + 1)));
    const own = heads.filter((head, at) => at + 1 >= said.length && head.length >= SLIP_LENGTH_MIN);
    const near = own.filter((head) => Math.abs(head.length - text.length) <= fewest);
    const edits = Math.min(...near.map((head) => editsBetween(text, head)), Infinity);
    if (edits < fewest) best = [];
    if (edits > fewest) continue;
    fewest = edits;
    best.push(room);
  }
  return best;
}

function bare(words: Rest): string {
  return words.map(singular).join("");
}

function singular(word: string): string {
  return word.length > PREFIX_LENGTH_MIN + 1 && word.endsWith("s") ? word.slice(0, -1) : word;
}
