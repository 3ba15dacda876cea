import type { Document, Node, YAMLError } from "yaml";
import { err, ok, type Result } from "../base/result.ts";

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

const TOO_DEEP = "nested too deeply to be read";
/** Brackets within brackets, or dashes in one line, that are let through. A guess: ours has 4. */
const INLINE_DEPTH_MAX = 64;
const DASHES = new RegExp(`(?:[-?:] +){${INLINE_DEPTH_MAX},}`);

type Yaml = typeof import("./parse-yaml.ts");

/** Parses YAML 1.2; the parser is loaded now. Never throws. */
export async function parseText(text: string): Promise<Result<ParsedText, readonly LineProblem[]>> {
  if (isTooDeep(text)) return err([{ line: 1, says: TOO_DEEP }]);
  const yaml = await import("./parse-yaml.ts");
  const lines = new yaml.LineCounter();
  const lineAt = (offset: number) => Math.max(1, lines.linePos(offset).line);
  try {
    // "error": the library would warn on standard error, past our log, of keys that are lists.
    const quiet = { prettyErrors: false, logLevel: "error" } as const;
    const options = { lineCounter: lines, merge: true, ...quiet } as const;
    const document: Document = yaml.parseDocument(text, options);
    const wrong = [...document.errors, ...document.warnings];
    if (wrong.length > 0) {
      return err(
        wrong.map((error) => ({ line: lineAt(error.pos[0]), says: explain(error, text) })),
      );
    }
    // Counted before any is looked up: that takes as long as the file for each of them.
    if (aliasesOf(yaml, document) > ALIAS_COUNT_MAX) throw new Error("alias");
    const lost = unresolvedAlias(yaml, document);
    if (lost !== undefined) {
      const says = `*${lost.source} stands for nothing: there is no &${lost.source} before it`;
      return err([{ line: lineAt(lost.range?.[0] ?? 0), says }]);
    }
    const value = withoutNulls(document.toJS({ maxAliasCount: ALIAS_COUNT_MAX }) ?? {}, []);
    return ok({ value, lineOf: (keys) => lineAt(offsetOf(yaml, document, keys)) });
  } catch (error) {
    return err([{ line: 1, says: explainThrown(error) }]);
  }
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

function explain(error: YAMLError, text: string): string {
  if (/call stack/i.test(error.message)) return TOO_DEEP;
  switch (error.code) {
    case "DUPLICATE_KEY": {
      const key = /^[\w.-]+/.exec(text.slice(error.pos[0]))?.[0] ?? "a key";
      return `${key} is there twice in one mapping: keep one`;
    }
    case "TAB_AS_INDENT":
      return "YAML can't be indented with tabs: use spaces";
    case "MULTIPLE_DOCS":
      return "there is a second document after ---: one file has one";
    case "TAG_RESOLVE_FAILED":
      return "tags such as !secret are not known here: write the value itself";
    default:
      return `not YAML: ${error.message.split("\n")[0]}`;
  }
}

function explainThrown(error: unknown): string {
  if (error instanceof RangeError) return TOO_DEEP;
  const message = error instanceof Error ? error.message : "";
  if (/alias/i.test(message)) return `over ${ALIAS_COUNT_MAX} uses of aliases: write values out`;
  return `not YAML: ${message.split("\n")[0]}`;
}

function aliasesOf(yaml: Yaml, document: Document): number {
  let count = 0;
  yaml.visit(document, {
    Alias: () => {
      count += 1;
    },
  });
  return count;
}

function unresolvedAlias(yaml: Yaml, document: Document) {
  let lost: { source: string; range?: readonly number[] | null | undefined } | undefined;
  yaml.visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) !== undefined) return undefined;
      lost = alias;
      return yaml.visit.BREAK;
    },
  });
  return lost;
}

/** Null beside a key is what is left when all below it is commented out. */
function withoutNulls(value: unknown, around: readonly object[]): unknown {
  if (value === null || typeof value !== "object" || around.length > DEPTH_MAX) return value;
  // An alias within what it stands for: its copies would have no end (found by fuzzing).
  if (around.includes(value)) throw new RangeError("a value within itself");
  const within = [...around, value];
  if (Array.isArray(value)) return value.map((item) => withoutNulls(item, within));
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, withoutNulls(item, within)]),
  );
}

/** Where the last of the keys that is there stands. */
function offsetOf(yaml: Yaml, document: Document, keys: readonly unknown[]): number {
  let node: unknown = document.contents;
  let offset = 0;
  for (const key of keys) {
    if (yaml.isAlias(node)) node = node.resolve(document);
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
