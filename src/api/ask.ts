import { askView } from "../node/ask-view.ts";
import type { ReadSide } from "../node/read-side.ts";
import { answerQuestion } from "../office/ask/answer.ts";
import { QUESTION_LENGTH_MAX } from "../office/ask/parse.ts";
import { type Answer, json } from "./answer.ts";
import { seconds } from "./documents.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";
import type { AnswerDocument } from "./types.ts";

/** The chat bot's answers. A question changes nothing, whatever it says. */
export function askRoute(readSide: ReadSide): Route {
  return {
    method: "GET",
    path: "/v1/ask",
    access: "open",
    summary: "A question in plain words, answered with the age and the sources of the answer",
    query: { q: 'The question, such as "meeting room temp" or "who\'s at the office".' },
    answers: {
      200: { says: "The answer, or why there is none.", schema: "Answer" },
      400: { says: "No question, or a very long one.", schema: "Problem" },
    },
    handle: (asked) => answerTo(readSide, asked),
  };
}

function answerTo(readSide: ReadSide, { query, audience }: Asked): Answer {
  const [question = "", ...more] = query.getAll("q");
  if (more.length > 0 || question.trim() === "" || [...query.keys()].some((key) => key !== "q")) {
    return problem(400, "ask one question as ?q=, such as /v1/ask?q=kitchen+temp");
  }
  if (question.length > QUESTION_LENGTH_MAX) {
    return problem(400, `ask in at most ${QUESTION_LENGTH_MAX} characters`);
  }
  const view = askView(readSide, audience);
  const { text, intent, ageMs, sources } = answerQuestion(question, view);
  const document: AnswerDocument = {
    answer: text,
    intent,
    ...(ageMs === undefined ? {} : { age_s: seconds(ageMs) }),
    ...(sources.length === 0 ? {} : { sources }),
  };
  return json(document);
}
