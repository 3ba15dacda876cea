import type { Document, Node } from "yaml";
import { err, ok, type Result } from "../base/result.ts";
import { explainYaml, TOO_DEEP } from "./yaml-error.ts";
import { type Survey, survey } from "./yaml-survey.ts";

/** Aliases resolved in one file; more is a bomb (each may double what the one before holds). */
const ALIAS_COUNT_MAX = 50;
/** Mappings within mappings; ours has five. A guess. */
const DEPTH_MAX = 20;

/** A file's value, and where in the file each of its keys stands. */
export interface ParsedText {
  /** A copy without the keys that have nothing beside them: `mesh:` alone means the defaults. */
  readonly value: unknown;
  /** The line, from 1, of a key or of the nearest one around it that is there. */
  lineOf(keys: readonly unknown[]): number;
}

/** Something wrong at a line. */
export interface LineProblem {
  readonly line: number;
  readonly says: string;
}

/** A file of 64 KiB has some 2,500 when a person wrote it. */
const LINES_MAX = 5_000;
const TOO_LONG = `over ${LINES_MAX} lines: this is no configuration`;
/** Words, signs and spaces: 480 sensors with a filter each, which is 64 KiB, have 29,161. */
const TOKENS_MAX = 30_000;
const TOO_MUCH = `over ${TOKENS_MAX} words and signs: this is no configuration`;
/** Of all mappings and lists, with what aliases stand for: 256 sensors with filters have 3,000. */
const VALUES_MAX = 5_000;
const TOO_MANY = `over ${VALUES_MAX} values, with what aliases stand for: write fewer`;
const TOO_MANY_ALIASES = `over ${ALIAS_COUNT_MAX} uses of aliases: write values out`;
/** Brackets within brackets, or dashes in one line, that are let through. A guess: ours has 4. */
const INLINE_DEPTH_MAX = 64;
const DASHES = new RegExp(`(?:[-?:] +){${INLINE_DEPTH_MAX},}`);

type Yaml = typeof import("./parse-yaml.ts");

/** Parses YAML 1.2; the parser is loaded now. Never throws. */
export async function parseText(text: string): Promise<Result<ParsedText, readonly LineProblem[]>> {
  const lineCount = text.split("\n", LINES_MAX + 2).length;
  if (lineCount > LINES_MAX + 1) return err([{ line: LINES_MAX + 1, says: TOO_LONG }]);
  if (isTooDeep(text)) return err([{ line: 1, says: TOO_DEEP }]);
  const yaml = await import("./parse-yaml.ts");
  try {
    const composed = yaml.composeText(text, TOKENS_MAX);
    if (composed === undefined) return err([{ line: 1, says: TOO_MUCH }]);
    const { document, lines } = composed;
    const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
    const found = survey(yaml, document);
    const wrong = wrongIn(document, found);
    if (wrong.length > 0) {
      return err(wrong.map(({ offset, says }) => ({ line: lineAt(offset), says })));
    }
    const value = withoutNulls(document.toJS({ maxAliasCount: ALIAS_COUNT_MAX }) ?? {});
    return ok({ value, lineOf: (keys) => lineAt(offsetOf(yaml, document, found.targets, keys)) });
  } catch (error) {
    return err([{ line: 1, says: explainThrown(error) }]);
  }
}

interface OffsetProblem {
  readonly offset: number;
  readonly says: string;
}

/** In the order of the file; aliases are judged only where all else is good. */
function wrongIn(document: Document, found: Survey): readonly OffsetProblem[] {
  const errors = [...document.errors, ...document.warnings];
  const wrong = [
    ...errors.map((error) => ({ offset: error.pos[0], says: explainYaml(error) })),
    ...found.wrongKeys,
  ].sort((left, right) => left.offset - right.offset);
  if (wrong.length > 0) return wrong;
  if (found.aliasCount > ALIAS_COUNT_MAX) return [{ offset: 0, says: TOO_MANY_ALIASES }];
  if (found.lost === undefined) return [];
  const { source, range } = found.lost;
  const says = `*${source} stands for nothing: there is no &${source} before it`;
  return [{ offset: range?.[0] ?? 0, says }];
}

/** The parser takes a fifth of a second to find out that 8 KiB of brackets are too many for it. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let deepest = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth = Math.max(0, depth + (bracket === "[" || bracket === "{" ? 1 : -1));
    deepest = Math.max(deepest, depth);
  }
  return deepest > INLINE_DEPTH_MAX || DASHES.test(text);
}

function explainThrown(error: unknown): string {
  if (error instanceof RangeError) return TOO_DEEP;
  const message = error instanceof Error ? error.message : "";
  if (message === TOO_MANY) return TOO_MANY;
  if (/alias/i.test(message)) return TOO_MANY_ALIASES;
  return `not YAML: ${message.split("\n")[0]}`;
}

/** Null beside a key is what is left when all below it is commented out. */
function withoutNulls(root: unknown): unknown {
  let count = 0;
  const copy = (value: unknown, around: readonly object[]): unknown => {
    count += 1;
    if (count > VALUES_MAX) throw new Error(TOO_MANY);
    if (value === null || typeof value !== "object" || around.length > DEPTH_MAX) return value;
    // An alias within what it stands for: its copies would have no end (found by fuzzing).
    if (around.includes(value)) throw new RangeError("a value within itself");
    const within = [...around, value];
    if (Array.isArray(value)) return value.map((item) => copy(item, within));
    return Object.fromEntries(
      Object.entries(value)
        .filter(([, item]) => item !== null)
        .map(([key, item]) => [key, copy(item, within)]),
    );
  };
  return copy(root, []);
}

/** Where the last of the keys that is there stands. */
function offsetOf(
  yaml: Yaml,
  document: Document,
  targets: Survey["targets"],
  keys: readonly unknown[],
): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    if (yaml.isAlias(node)) node = targets.get(node);
    if (yaml.isMap(node)) {
      const pair = node.items.find(
        (item) => yaml.isScalar(item.key) && String(item.key.value) === String(key),
      );
      if (pair === undefined) return offset;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else if (yaml.isSeq(node)) {
      const item = node.items[Number(key)] as Node | undefined;
      if (item === undefined) return offset;
      offset = item.range?.[0] ?? offset;
      node = item;
    } else return offset;
  }
  return offset;
}
