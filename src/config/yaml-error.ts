import type { YAMLError } from "yaml";

export const TOO_DEEP = "nested too deeply to be read";

/** What people write most, said so that they can mend it; the rest is as the library has it. */
const SAID: readonly (readonly [library: RegExp, says: string])[] = [
  [
    /^Nested mappings|^A block sequence may not/,
    "a colon too many: put text with a colon in quotes, and a space after each dash",
  ],
  [/ at node end\b/, "more text after the value has ended: put all of it in quotes"],
  [/^Plain value cannot start with .* (.)$/, "text can't begin with $1: put it in quotes"],
  [
    /^Sequence item without|start at the same column$/,
    "indented otherwise than the lines it belongs to",
  ],
  [
    /^Implicit map keys need/,
    "a colon with a space after it is missing: each line is KEY: VALUE or - ITEM",
  ],
  [/^Missing closing/, "the text before this has a quote at its start and none at its end"],
  [/^Invalid escape sequence (.*)/, "$1 is no code: use 'single quotes' for text with a backslash"],
];

/** One line for people about an error of the YAML library. */
export function explainYaml(error: YAMLError): string {
  if (/call stack/i.test(error.message)) return TOO_DEEP;
  switch (error.code) {
    case "TAB_AS_INDENT":
      return "YAML can't be indented with tabs: use spaces";
    case "MULTIPLE_DOCS":
      return "there is a second document after ---: one file has one";
    case "TAG_RESOLVE_FAILED":
      return "tags such as !secret are not known here: write the value itself";
    default: {
      const [first = ""] = error.message.split("\n");
      const [library, says] = SAID.find(([pattern]) => pattern.test(first)) ?? [];
      if (library === undefined || says === undefined) return `not YAML: ${first}`;
      const [, what = ""] = library.exec(first) ?? [];
      return `not YAML: ${says.replace("$1", () => what)}`;
    }
  }
}
