import * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, printJson } from "./deps.ts";
import { plain } from "./words.ts";

const answerDocument = v.object({ answer: v.string() });

/** The chat bot's answer to a question. */
export async function ask(deps: CliDeps, words: readonly string[], asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  const path = `/v1/ask?q=${encodeURIComponent(words.join(" "))}`;
  if (asking.json) return printJson(deps, await client.raw(path));
  const { answer } = await client.get(path, answerDocument);
  deps.stdout(
    answer
      .split("\n")
      .map((line) => `${plain(line)}\n`)
      .join(""),
  );
}
