import { type Ipld, isList, isMap } from "./ipld.ts";

/** One step of a path into the arguments (UCAN Delegation, Selectors). */
interface Step {
  readonly take: (value: Ipld) => Ipld | undefined;
  /** `?`: null where there is nothing. */
  readonly orNull: boolean;
}

export type Selector = readonly Step[];

/** A field after a dot; else, in brackets: a quoted key, an index, a slice, or nothing. */
const STEP = /(?:\.([A-Za-z_]\w*)|\.?\[(?:("(?:[^"\\]|\\.)*")|(-?\d+)|(-?\d*):(-?\d*)|)\])(\?*)/y;
/** A guess. */
const SELECTOR_CHARS_MAX = 256;

/** A selector's steps, or undefined where the text is none. */
export function parseSelector(text: string): Selector | undefined {
  if (text === ".") return [];
  if (!text.startsWith(".") || text.length > SELECTOR_CHARS_MAX) return undefined;
  const steps: Step[] = [];
  for (let at = 0; at < text.length; ) {
    STEP.lastIndex = at;
    const match = STEP.exec(text);
    const take = match === null ? undefined : takerOf(match);
    if (match === null || take === undefined) return undefined;
    steps.push({ take, orNull: match[6] !== "" });
    at = STEP.lastIndex;
  }
  return steps;
}

/** What a selector finds; undefined where it can't be resolved. A missing key is null. */
export function resolve(selector: Selector, args: Ipld): Ipld | undefined {
  let value = args;
  for (const { take, orNull } of selector) {
    const found = take(value);
    if (found === undefined && !orNull) return undefined;
    value = found ?? null;
  }
  return value;
}

function takerOf(match: RegExpExecArray): Step["take"] | undefined {
  const [, field, quoted, index, from, to] = match;
  if (field !== undefined) return fieldOf(field);
  if (quoted !== undefined) {
    const key = unquoted(quoted);
    return key === undefined ? undefined : fieldOf(key);
  }
  if (index !== undefined) return (value) => listOf(value)?.at(Number(index));
  if (from === undefined) return childrenOf;
  if (from === "" && to === "") return undefined;
  return (value) => sliceOf(value, from, to ?? "");
}

function fieldOf(key: string): Step["take"] {
  return (value) => {
    if (!isMap(value)) return undefined;
    return Object.hasOwn(value, key) ? value[key] : null;
  };
}

function childrenOf(value: Ipld): Ipld | undefined {
  return isMap(value) ? Object.values(value) : listOf(value);
}

function sliceOf(value: Ipld, from: string, to: string): Ipld | undefined {
  const [start, end] = [from === "" ? 0 : Number(from), to === "" ? undefined : Number(to)];
  return value instanceof Uint8Array ? value.slice(start, end) : listOf(value)?.slice(start, end);
}

/** Bytes are a list of numbers here. */
function listOf(value: Ipld): readonly Ipld[] | undefined {
  if (value instanceof Uint8Array) return [...value];
  return isList(value) ? value : undefined;
}

function unquoted(text: string): string | undefined {
  try {
    return JSON.parse(text) as string;
  } catch {
    return undefined;
  }
}
