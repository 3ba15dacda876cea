import { editsBetween } from "../../base/edits.ts";
import { KIND_NAMES, type Kind } from "../../reading/kind.ts";
import type { Side } from "./intent.ts";
import type { Language, PhraseName, Quality } from "./language.ts";
import { placeOf, type Rest, without, wordsOf } from "./words.ts";

type Phrase = readonly string[];
type Phrases = readonly Phrase[];

/** Shorter words are read as they stand; longer ones may have a slip, the longest two. Guesses. */
const SLIP_LENGTH_MIN = 5;
const TWO_SLIPS_LENGTH_MIN = 8;

export interface Named {
  readonly kind: Kind;
  readonly side: Side;
  readonly rest: Rest;
}

/** A language's tables, made ready to be looked for in questions. */
export class Vocabulary {
  private readonly kinds: ReadonlyMap<Kind, Phrases>;
  private readonly phrases: ReadonlyMap<string, Phrases>;
  private readonly fillers: ReadonlySet<string>;
  private readonly known: ReadonlySet<string>;

  constructor(readonly language: Language) {
    const { kinds, phrases, fillers, qualities, extremes, most } = language;
    this.kinds = new Map(KIND_NAMES.map((kind) => [kind, compiled(kinds[kind])]));
    this.phrases = new Map(Object.entries(phrases).map(([name, said]) => [name, compiled(said)]));
    this.fillers = new Set(fillers.flatMap(wordsOf));
    const all = [
      ...Object.values(kinds),
      ...Object.values(phrases),
      ...[...qualities, ...extremes].map((quality) => quality.phrases),
      ...Object.values(most),
      fillers,
    ];
    this.known = new Set(all.flat().flatMap(wordsOf));
  }

  /** What is left without a phrase of that name, or undefined where none is in the text. */
  take(name: PhraseName, words: Rest): Rest | undefined {
    return taken(this.phrases.get(name) ?? [], words);
  }

  /** The same where the phrase has to stand at the text's beginning or end, fillers aside. */
  takeAt(end: "start" | "end", name: PhraseName, words: Rest): Rest | undefined {
    for (const phrase of this.phrases.get(name) ?? []) {
      const from = end === "start" ? 0 : words.length - phrase.length;
      if (from < 0 || !phrase.every((word, at) => words[from + at] === word)) continue;
      return without(words, from, phrase.length);
    }
    return undefined;
  }

  takeKind(words: Rest): { kind: Kind; rest: Rest; slips: number } | undefined {
    let found: { kind: Kind; phrase: Phrase } | undefined;
    for (const [kind, phrases] of this.kinds) {
      const phrase = phrases.find((one) => placeOf(one, words) >= 0);
      if (phrase === undefined || phrase.length <= (found?.phrase.length ?? 0)) continue;
      found = { kind, phrase };
    }
    if (found === undefined) return this.misspeltKind(words);
    const { kind, phrase } = found;
    return { kind, rest: without(words, placeOf(phrase, words), phrase.length), slips: 0 };
  }

  takeQuality(words: Rest): Named | undefined {
    return named(this.language.qualities, words);
  }

  /** "Warmest", or "highest" beside a kind. */
  takeExtreme(words: Rest): Named | undefined {
    const direct = named(this.language.extremes, words);
    if (direct !== undefined) return direct;
    for (const side of ["above", "below"] as const) {
      const most = taken(compiled(this.language.most[side]), words);
      const kind = most && this.takeKind(most);
      if (kind !== undefined) return { kind: kind.kind, side, rest: kind.rest };
    }
    return undefined;
  }

  /** Without the words that change nothing. */
  bare(words: Rest): Rest {
    return words.filter((word) => !this.fillers.has(word));
  }

  /** Without the words of a group, one by one. */
  withoutAll(name: PhraseName, words: Rest): Rest {
    const group = new Set(this.phrases.get(name)?.flat());
    return words.filter((word) => !group.has(word));
  }

  /** How many words this language does not have. */
  strange(words: Rest): number {
    return words.filter((word) => !this.known.has(word)).length;
  }

  private misspeltKind(words: Rest): { kind: Kind; rest: Rest; slips: number } | undefined {
    for (const [at, word] of words.entries()) {
      if (word.length < SLIP_LENGTH_MIN || this.known.has(word)) continue;
      const allowed = word.length >= TWO_SLIPS_LENGTH_MIN ? 2 : 1;
      for (const [kind, phrases] of this.kinds) {
        const meant = phrases.some(
          ([first = "", ...more]) =>
            more.length === 0 &&
            first.length >= SLIP_LENGTH_MIN &&
            editsBetween(word, first) <= allowed,
        );
        if (meant) return { kind, rest: without(words, at, 1), slips: 1 };
      }
    }
    return undefined;
  }
}

/** The longest first, so that "how many people" is not taken for "people". */
function compiled(texts: readonly string[]): Phrases {
  return texts.map(wordsOf).sort((left, right) => right.length - left.length);
}

function taken(phrases: Phrases, words: Rest): Rest | undefined {
  const phrase = phrases.find((one) => placeOf(one, words) >= 0);
  return phrase && without(words, placeOf(phrase, words), phrase.length);
}

function named(qualities: readonly Quality[], words: Rest): Named | undefined {
  let found: (Named & { length: number }) | undefined;
  for (const { kind, side, phrases } of qualities) {
    const rest = taken(compiled(phrases), words);
    if (rest === undefined) continue;
    const length = words.length - rest.length;
    if (length > (found?.length ?? 0)) found = { kind, side, rest, length };
  }
  return found;
}
