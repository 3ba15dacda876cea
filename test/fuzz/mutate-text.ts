import { fromUtf8, utf8 } from "../../src/base/bytes.ts";
import { pick, type Random, randomInt } from "../../src/base/random.ts";
import { INPUT_BYTES_MAX } from "./mutate-bytes.ts";

/** What breaks parsers of numbers, names, JSON, YAML and headers. */
const NASTY: readonly string[] = [
  "-1",
  "0",
  "1e999",
  "-0",
  "NaN",
  "0x1F",
  "99999999999999999999",
  "0.1.2",
  "\u0000",
  "\ufeff",
  "\u202e",
  "é",
  "e\u0301",
  "\u{1f4a7}",
  "\r\n",
  "\n",
  "\t",
  "%00",
  "%ff",
  "%zz",
  "..",
  "../",
  "__proto__",
  "constructor",
  "toString",
  "null",
  "true",
  "[]",
  "{}",
  '""',
  '"',
  "'",
  "\\u0000",
  "\\ud800",
  "&a",
  "*a",
  "<<: *a",
  "!!binary x",
  "? ",
  "- ",
  ": ",
  "#",
  ",",
  "[::ffff:1.2.3.4]",
  "[fe80::1%25eth0]",
];
const BRACKETS = ["[", "{", "(", "- ", "'", '{"a":', "&a [*a,"];
const DEPTH_LOG2_MAX = 13;
const COPIES_LOG2_MAX = 10;

/** One change of an input as a text of words; undefined where it is none. */
export function changeText(
  input: Uint8Array,
  random: Random,
  words: readonly string[],
): Uint8Array | undefined {
  const text = fromUtf8(input);
  if (text === undefined) return undefined;
  const parts = text.split(/([\s"':,{}[\]/?&=.;@()]+)/u);
  const at = randomInt(random, parts.length);
  switch (randomInt(random, 8)) {
    case 0:
    case 1:
      parts[at] = (random.next() < 0.5 ? pick(random, words) : undefined) ?? nasty(random);
      break;
    case 2:
      parts.splice(at, 0, pick(random, words) ?? nasty(random));
      break;
    case 3:
      parts.splice(at, 1 + randomInt(random, 3));
      break;
    case 4: {
      const piece = parts.slice(at, at + 1 + randomInt(random, 6));
      const copies = Math.floor(2 ** (random.next() ** 3 * COPIES_LOG2_MAX));
      parts.splice(at, 0, piece.join("").slice(0, 256).repeat(copies));
      break;
    }
    case 5: {
      const depth = Math.floor(2 ** (random.next() ** 2 * DEPTH_LOG2_MAX));
      parts.splice(at, 0, (pick(random, BRACKETS) ?? "[").repeat(depth));
      break;
    }
    case 6:
      parts.splice(at, 0, nasty(random));
      break;
    default: {
      const other = randomInt(random, parts.length);
      [parts[at], parts[other]] = [parts[other] ?? "", parts[at] ?? ""];
    }
  }
  return utf8(parts.join("")).slice(0, INPUT_BYTES_MAX);
}

function nasty(random: Random): string {
  return pick(random, NASTY) ?? "";
}
