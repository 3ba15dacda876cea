import { equalIpld, type Ipld, type IpldMap, isList, isMap } from "./ipld.ts";
import { parseSelector, resolve } from "./selector.ts";

/** One predicate over the arguments, as in the delegation: `[operator, selector, argument]`. */
export type Statement =
  | readonly ["==" | "!=", string, Ipld]
  | readonly ["<" | "<=" | ">" | ">=", string, number]
  | readonly ["like", string, string]
  | readonly ["and" | "or", readonly Statement[]]
  | readonly ["not", Statement]
  | readonly ["all" | "any", string, Statement];
/** All of its statements have to hold. */
export type Policy = readonly Statement[];

const BOUNDS = {
  "<": (left: number, right: number) => left < right,
  "<=": (left: number, right: number) => left <= right,
  ">": (left: number, right: number) => left > right,
  ">=": (left: number, right: number) => left >= right,
} as const;
/** Matching takes pattern times text at worst. A guess. */
const PATTERN_CHARS_MAX = 256;

/** A policy out of a token; undefined for an operator, selector or shape that there is not. */
export function parsePolicy(value: Ipld | undefined): Policy | undefined {
  if (value === undefined || !isList(value)) return undefined;
  return value.every(isStatement) ? value : undefined;
}

function isStatement(value: Ipld): value is Statement {
  if (!isList(value)) return false;
  const [operator, second = null, third] = value;
  if (operator === "not") return value.length === 2 && isStatement(second);
  if (operator === "and" || operator === "or") {
    return value.length === 2 && isList(second) && second.every(isStatement);
  }
  if (value.length !== 3 || third === undefined) return false;
  if (typeof second !== "string" || parseSelector(second) === undefined) return false;
  if (operator === "==" || operator === "!=") return true;
  if (operator === "all" || operator === "any") return isStatement(third);
  if (operator === "like") return typeof third === "string" && third.length <= PATTERN_CHARS_MAX;
  if (typeof operator !== "string" || typeof third !== "number") return false;
  return Object.hasOwn(BOUNDS, operator);
}

/** Whether the arguments keep to a policy (UCAN Delegation, Policy). */
export function allows(policy: Policy, args: IpldMap): boolean {
  return policy.every((statement) => holds(statement, args));
}

function holds(statement: Statement, args: Ipld): boolean {
  switch (statement[0]) {
    case "and":
      return statement[1].every((inner) => holds(inner, args));
    case "or":
      // Of none, the specification wants it to hold.
      return statement[1].length === 0 || statement[1].some((inner) => holds(inner, args));
    case "not":
      return !holds(statement[1], args);
    default:
      return holdsAt(statement, args);
  }
}

function holdsAt(
  statement: Exclude<Statement, readonly ["and" | "or" | "not", unknown]>,
  args: Ipld,
): boolean {
  const selector = parseSelector(statement[1]);
  const found = selector && resolve(selector, args);
  // What can't be found makes the statement false, whatever it says.
  if (found === undefined) return false;
  switch (statement[0]) {
    case "==":
      return equalIpld(found, statement[2]);
    case "!=":
      return !equalIpld(found, statement[2]);
    case "like":
      return typeof found === "string" && isLike(found, statement[2]);
    case "all":
      return itemsOf(found)?.every((item) => holds(statement[2], item)) ?? false;
    case "any":
      return itemsOf(found)?.some((item) => holds(statement[2], item)) ?? false;
    default:
      return typeof found === "number" && BOUNDS[statement[0]](found, statement[2]);
  }
}

function itemsOf(value: Ipld): readonly Ipld[] | undefined {
  if (isList(value)) return value;
  return isMap(value) ? Object.values(value) : undefined;
}

/** A pattern's `*` stands for any characters, `\*` for itself. */
function isLike(text: string, pattern: string): boolean {
  const [head = "", ...rest] = pattern
    .split(/(?<!\\)\*/)
    .map((literal) => literal.replaceAll("\\*", "*"));
  const tail = rest.pop();
  if (tail === undefined) return text === head;
  if (!text.startsWith(head)) return false;
  let at = head.length;
  for (const literal of rest) {
    const found = text.indexOf(literal, at);
    if (found < 0) return false;
    at = found + literal.length;
  }
  return text.length - tail.length >= at && text.endsWith(tail);
}
