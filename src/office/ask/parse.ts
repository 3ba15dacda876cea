import { ENGLISH } from "./english.ts";
import type { Intent, Where } from "./intent.ts";
import type { Language } from "./language.ts";
import { PORTUGUESE } from "./portuguese.ts";
import { matchRooms, spotRoom } from "./room-match.ts";
import { Vocabulary } from "./vocabulary.ts";
import { isMac, isNumber, type Rest, without, wordsOf } from "./words.ts";

/** Longer questions are read by nobody. A guess: three lines of chat. */
export const QUESTION_LENGTH_MAX = 240;
/** A first name, a second one, and one to tell namesakes apart. */
const PERSON_WORDS_MAX = 3;

/** The first one wins where a question reads alike in two. */
const VOCABULARIES = [ENGLISH, PORTUGUESE].map((language) => new Vocabulary(language));

export interface Parsed {
  readonly intent: Intent;
  readonly language: Language;
}

interface Guess extends Parsed {
  /** Words that this guess does not explain; a misspelt one is half explained. */
  readonly cost: number;
}

/** What a question means, in the language that explains most of its words. */
export function parseQuestion(question: string, rooms: readonly string[]): Parsed {
  const words = wordsOf(question.slice(0, QUESTION_LENGTH_MAX));
  const guesses = VOCABULARIES.map((vocabulary) => new Parser(vocabulary, rooms).guess(words));
  const understood = guesses.filter(({ intent }) => intent.type !== "unknown");
  const [first, ...more] = (understood.length > 0 ? understood : guesses) as [Guess, ...Guess[]];
  return more.reduce((best, next) => (next.cost < best.cost ? next : best), first);
}

class Parser {
  constructor(
    private readonly vocabulary: Vocabulary,
    private readonly rooms: readonly string[],
  ) {}

  guess(words: Rest): Guess {
    const { language } = this.vocabulary;
    const found = this.device(words) ?? this.command(words) ?? this.question(words);
    const unknown = { intent: { type: "unknown" }, cost: this.vocabulary.strange(words) } as const;
    return { language, ...(found ?? unknown) };
  }

  private device(words: Rest): Found {
    const at = words.findIndex(isMac);
    const mac = words[at];
    if (mac === undefined) return undefined;
    const rest = without(words, at, 1);
    for (const type of ["iam", "device"] as const) {
      const left = rest.length === 0 ? rest : this.vocabulary.take(type, rest);
      if (left === undefined || this.vocabulary.bare(left).length > 0) continue;
      return { intent: { type: rest.length === 0 ? "device" : type, mac }, cost: 0 };
    }
    return undefined;
  }

  private command(words: Rest): Found {
    const { vocabulary } = this;
    for (const type of ["help", "nodes", "rooms"] as const) {
      const left = vocabulary.take(type, words);
      if (left !== undefined && this.plain(left).length === 0) return { intent: { type }, cost: 0 };
    }
    const set = vocabulary.take("set", words);
    const spotted = set && this.spot(set);
    const at = spotted?.rest.findLastIndex(isNumber) ?? -1;
    if (spotted === undefined || at < 0) return undefined;
    const value = Number(spotted.rest[at]);
    const rest = without(spotted.rest, at, 1);
    const named = vocabulary.takeKind(rest);
    const left = vocabulary.take("target", named?.rest ?? rest) ?? named?.rest ?? rest;
    const { where, cost } = this.where(spotted.rooms, left);
    if (where === undefined) return undefined;
    return {
      intent: { type: "set-target", kind: named?.kind ?? "temperature", where, value },
      cost,
    };
  }

  private question(all: Rest): Found {
    const { vocabulary } = this;
    const { rooms, rest: words } = this.spot(all);
    const extreme = vocabulary.takeExtreme(words);
    if (extreme !== undefined) {
      const { kind, side, rest } = extreme;
      if (rooms.length > 0 || this.plain(vocabulary.withoutAll("rooms", rest)).length > 0) {
        return undefined;
      }
      return { intent: { type: "extreme", kind, side }, cost: 0 };
    }
    const target = vocabulary.take("target", words);
    if (target !== undefined) {
      const named = vocabulary.takeKind(target);
      const { where, cost } = this.where(rooms, named?.rest ?? target);
      return where && { intent: { type: "target", kind: named?.kind, where }, cost };
    }
    return (
      this.quality(rooms, words) ??
      this.kind(rooms, words) ??
      this.presence(rooms, words) ??
      this.person(rooms, words) ??
      this.room(rooms, words)
    );
  }

  private quality(rooms: readonly string[], words: Rest): Found {
    const named = this.vocabulary.takeQuality(words);
    if (named === undefined) return undefined;
    const { kind, side, rest } = named;
    const { where, cost } = this.where(rooms, rest);
    if (where === undefined) return undefined;
    const degree = this.vocabulary.take("how", words) !== undefined;
    return { intent: { type: "reading", kind, where, ...(degree ? {} : { is: side }) }, cost };
  }

  private kind(rooms: readonly string[], words: Rest): Found {
    const named = this.vocabulary.takeKind(words);
    if (named === undefined) return undefined;
    const { kind, rest, slips } = named;
    const { where, cost } = this.where(rooms, rest);
    return where && { intent: { type: "reading", kind, where }, cost: cost + slips / 2 };
  }

  private presence(rooms: readonly string[], words: Rest): Found {
    for (const wanted of ["free", "taken"] as const) {
      const rest = this.vocabulary.take(wanted, words);
      if (rest === undefined) continue;
      const { where, cost } = this.where(rooms, this.vocabulary.take("who", rest) ?? rest);
      if (where !== undefined) return { intent: { type: "occupancy", wanted, where }, cost };
    }
    const rest = this.vocabulary.take("who", words);
    if (rest === undefined) return undefined;
    const office = rooms.every((room) => this.plain(wordsOf(room)).length === 0);
    const { where, cost } = this.where(office ? [] : rooms, rest);
    if (where === undefined || where.scope === "unknown") return undefined;
    return { intent: { type: "who", where }, cost };
  }

  private person(rooms: readonly string[], words: Rest): Found {
    const { vocabulary } = this;
    const asked = vocabulary.takeAt("start", "whereIs", words);
    const rest = asked ?? vocabulary.takeAt("end", "isHere", words);
    // A name alone before "in" or "here": "is the printer on fire in here" is about nobody.
    const named = this.plain(rest ?? []);
    const wordsMax = asked === undefined ? 1 : PERSON_WORDS_MAX;
    if (rest === undefined || rooms.length > 0 || named.length === 0) return undefined;
    if (named.length > wordsMax || matchRooms(named, this.rooms).length > 0) return undefined;
    return { intent: { type: "where", person: named.join(" ") }, cost: 0 };
  }

  private room(rooms: readonly string[], words: Rest): Found {
    const rest = this.vocabulary.takeAt("start", "whereIs", words) ?? words;
    const { where, cost } = this.where(rooms, rest);
    if (where?.scope !== "rooms") return undefined;
    return { intent: { type: "room", where }, cost };
  }

  /** Takes out all rooms that are named as they are. */
  private spot(words: Rest): { rooms: readonly string[]; rest: Rest } {
    const rooms: string[] = [];
    let rest = words;
    for (;;) {
      const next = spotRoom(rest, this.rooms);
      if (next === undefined) return { rooms, rest };
      if (!rooms.includes(next.room)) rooms.push(next.room);
      rest = next.rest;
    }
  }

  /** Where a question is about, from rooms named as they are and what else was said. */
  private where(rooms: readonly string[], rest: Rest): { where?: Where; cost: number } {
    const { vocabulary } = this;
    const left = this.plain(rest);
    if (rooms.length > 0) {
      const more = left.length === 0 ? [] : matchRooms(left, this.rooms);
      // What is not understood may change the question: "kitchen temperature yesterday".
      if (left.length > 0 && more.length === 0) return { cost: left.length };
      const meant = this.rooms.filter((room) => rooms.includes(room) || more.includes(room));
      return { where: { scope: "rooms", rooms: meant }, cost: 0 };
    }
    const said = vocabulary.withoutAll("office", vocabulary.bare(rest));
    if (left.length === 0) return { where: { scope: "office" }, cost: 0 };
    const found = [said, left].map((words) => matchRooms(words, this.rooms));
    const meant = found.find((some) => some.length > 0);
    if (meant !== undefined) return { where: { scope: "rooms", rooms: meant }, cost: 0 };
    return { where: { scope: "unknown", said: said.join(" ") }, cost: left.length };
  }

  /** Without fillers and without words that only say "room" or "office". */
  private plain(rest: Rest): Rest {
    const { vocabulary } = this;
    return vocabulary.withoutAll(
      "roomWords",
      vocabulary.withoutAll("office", vocabulary.bare(rest)),
    );
  }
}

type Found = { readonly intent: Intent; readonly cost: number } | undefined;
