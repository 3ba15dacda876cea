import type { ChatSettings } from "../../config/edge-settings.ts";
import { askView } from "../../node/ask-view.ts";
import type { ReadSide } from "../../node/read-side.ts";
import { answerQuestion } from "../../office/ask/answer.ts";
import { quiet } from "./speak.ts";

/** The answer of `ask`, with nobody named who is not to be, and nobody called. */
export function replyTo(
  readSide: ReadSide,
  people: ChatSettings["people"],
  question: string,
): string {
  const view = askView(readSide, people === "named" ? "all" : "public");
  const asked = question === "" ? "help" : question;
  const names = (view.people ?? []).map(({ person }) => person);
  return quiet(answerQuestion(asked, view).text, names);
}
