// A file of its own, so that the parser is loaded only where there is a configuration to parse.
import { Composer, type Document, Lexer, LineCounter, Parser, YAMLParseError } from "yaml";

export { isAlias, isMap, isScalar, isSeq, visit } from "yaml";

/** A text of which no more than the first document was read. */
export interface Composed {
  readonly document: Document;
  readonly lines: LineCounter;
}

/**
 * Reads YAML 1.2. A second document is an error of the first. Undefined where the text has over
 * `tokensMax` tokens. Repeated keys are left to the caller: the library compares each with all
 * before it.
 */
export function composeText(text: string, tokensMax: number): Composed | undefined {
  const lines = new LineCounter();
  // "error": the library would warn on standard error, past our log, of keys that are lists.
  const composer = new Composer({ merge: true, uniqueKeys: false, logLevel: "error" });
  const tokens = new CappedTokens(text, lines, tokensMax);
  const { stackTraceLimit } = Error;
  // There may be an error a token: most of the time went into stacks that nobody reads.
  Error.stackTraceLimit = 0;
  try {
    const [document, second] = firstTwo(composer.compose(tokens, true, text.length));
    if (document === undefined || tokens.isOver) return undefined;
    if (second !== undefined) {
      const at = second.range[0];
      document.errors.push(new YAMLParseError([at, at], "MULTIPLE_DOCS", "a second document"));
    }
    return { document, lines };
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/** What the composer is given, until there is too much of it. */
class CappedTokens {
  isOver = false;
  readonly #text: string;
  readonly #lines: LineCounter;
  readonly #countMax: number;

  constructor(text: string, lines: LineCounter, countMax: number) {
    this.#text = text;
    this.#lines = lines;
    this.#countMax = countMax;
  }

  *[Symbol.iterator]() {
    const parser = new Parser(this.#lines.addNewLine);
    this.#lines.addNewLine(0);
    let count = 0;
    for (const source of new Lexer().lex(this.#text)) {
      count += 1;
      if (count > this.#countMax) {
        this.isOver = true;
        return;
      }
      yield* parser.next(source);
    }
    yield* parser.end();
  }
}

function firstTwo<T>(items: Iterable<T>): readonly T[] {
  const found: T[] = [];
  for (const item of items) {
    found.push(item);
    if (found.length === 2) break;
  }
  return found;
}
