import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";
import { clashes } from "./clashes.ts";
import { type ConfigFile, fileSchema } from "./schema.ts";
import { isSecretPlace } from "./schema-edge.ts";
import { type ParsedText, parseText } from "./yaml-text.ts";

/** Lines of trouble shown at once. A guess: a screen. */
const PROBLEMS_MAX = 20;
/** A value is shown in a problem up to this length. */
const SHOWN_LENGTH_MAX = 60;
/** A problem is one line for people: a name or a key in it may be as long as the file. A guess. */
const PROBLEM_LENGTH_MAX = 400;

/**
 * Checks a file's text. Each problem is one line, `path:line: key: what is wrong, what is allowed`,
 * in the order of the file. Never throws.
 */
export async function checkConfig(
  path: string,
  text: string,
): Promise<Result<ConfigFile, readonly string[]>> {
  const parsed = await parseText(text);
  if (!parsed.ok) {
    return err(shown(parsed.error.map(({ line, says }) => `${path}:${line}: ${says}`)));
  }
  const { value, lineOf } = parsed.value;
  const problems = judge(value).map(({ keys, says }) => {
    const line = lineOf(keys);
    return { line, text: `${path}:${line}: ${keys.join(".") || "file"}: ${says}` };
  });
  if (problems.length === 0) return ok(value as ConfigFile);
  problems.sort((left, right) => left.line - right.line);
  return err(shown(problems.map((problem) => problem.text)));
}

interface Problem {
  readonly keys: readonly unknown[];
  readonly says: string;
}

function judge(value: ParsedText["value"]): readonly Problem[] {
  const found: Problem[] = [];
  // The checker names one unknown key a mapping and run, so each is taken out and it runs again.
  for (;;) {
    const parsed = v.safeParse(fileSchema, value);
    if (parsed.success) {
      if (found.length === 0) found.push(...clashes(parsed.output));
      return found;
    }
    const unknown = parsed.issues.filter(isUnknownKey);
    const list = unknown.length > 0 && found.length < PROBLEMS_MAX ? unknown : parsed.issues;
    for (const issue of list) found.push(problemOf(issue));
    if (list === parsed.issues) return found;
    for (const issue of unknown) removeKey(issue);
  }
}

function isUnknownKey(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === "strict_object" && issue.expected === "never";
}

function removeKey({ path }: v.BaseIssue<unknown>): void {
  const last = path?.at(-1);
  if (Array.isArray(last?.input)) last.input.length = 0;
  else if (last !== undefined) delete (last.input as Record<string, unknown>)[String(last.key)];
}

function problemOf(issue: v.BaseIssue<unknown>): Problem {
  const keys = (issue.path ?? []).map(({ key }) => key);
  if (Array.isArray(issue.path?.at(-1)?.input) && isUnknownKey(issue)) {
    return { keys: keys.slice(0, -1), says: "a list is not allowed: it must be a mapping" };
  }
  if (issue.type === "strict_object") return { keys, says: issue.message + belongsBelow(keys) };
  if (issue.input === undefined) return { keys, says: `this key is missing: ${issue.message}` };
  const said = isSecretPlace(keys) ? "what stands there" : show(issue.input);
  return { keys, says: `${said} is not allowed: it must be ${issue.message}` };
}

/** A key of a section at the line's start is mostly one that was not indented. */
function belongsBelow(keys: readonly unknown[]): string {
  if (keys.length !== 1) return "";
  const key = String(keys[0]);
  const sections = Object.entries(fileSchema.entries).flatMap(([section, { wrapped }]) =>
    "entries" in wrapped && Object.hasOwn(wrapped.entries, key) ? [section] : [],
  );
  return sections.length === 0 ? "" : `; if it belongs to ${sections.join(" or ")}, indent it`;
}

function show(input: unknown): string {
  const text = JSON.stringify(input) ?? String(input);
  return cutTo(text, SHOWN_LENGTH_MAX);
}

function cutTo(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}...` : text;
}

function shown(problems: readonly string[]): readonly string[] {
  const different = [...new Set(problems.map((line) => line.replace(/\p{Cc}+/gu, " ")))];
  const lines = different.slice(0, PROBLEMS_MAX).map((line) => cutTo(line, PROBLEM_LENGTH_MAX));
  const more = different.length - PROBLEMS_MAX;
  return more > 0 ? [...lines, `and ${more} more`] : lines;
}
