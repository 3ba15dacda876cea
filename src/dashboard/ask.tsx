import { useRef, useState } from "preact/hooks";
import type { AnswerDocument, ProblemDocument } from "../api/types.ts";
import { signedFetch } from "./signed-fetch.ts";
import { useWords } from "./words.ts";

/** As many letters as the node reads. */
const QUESTION_LENGTH_MAX = 240;

/** A box for questions in plain words; this node answers. */
export function Ask() {
  const { texts } = useWords();
  const [question, setQuestion] = useState("");
  const [answer, setAnswer] = useState("");
  const asked = useRef(0);

  const ask = async (text: string) => {
    asked.current += 1;
    const turn = asked.current;
    const said = await answerTo(text);
    // The newest question's answer stays, whichever comes last.
    if (turn === asked.current) setAnswer(said === "" ? texts.noAnswer : said);
  };

  return (
    <section class="ask" aria-label={texts.ask}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (question.trim() !== "") void ask(question);
        }}
      >
        <label class="unseen" for="question">
          {texts.ask}
        </label>
        <input
          id="question"
          value={question}
          maxLength={QUESTION_LENGTH_MAX}
          placeholder={texts.askExamples}
          autocomplete="off"
          onInput={(event) => setQuestion(event.currentTarget.value)}
        />
        <button type="submit">{texts.ask}</button>
      </form>
      <p class="answer" role="status">
        {answer}
      </p>
    </section>
  );
}

async function answerTo(question: string): Promise<string> {
  try {
    const reply = await signedFetch(`/v1/ask?q=${encodeURIComponent(question)}`, { method: "GET" });
    const document = (await reply.json()) as AnswerDocument | ProblemDocument;
    return "answer" in document ? document.answer : document.detail;
  } catch {
    return "";
  }
}
