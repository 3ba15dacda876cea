import { useEffect, useState } from "preact/hooks";
import type { DemoDocument } from "../api/types.ts";
import { refusalText } from "./refusal.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

/** Cuts the demo's office in two and heals it; not shown by real nodes, which can't. */
export function DemoCut() {
  const { texts } = useWords();
  const [cut, setCut] = useState<boolean | undefined>(undefined);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    void isCut().then(setCut);
  }, []);
  if (cut === undefined) return null;
  const press = async () => {
    const done = await send("POST", `/v1/demo/${cut ? "heal" : "cut"}`);
    setRefusal(done.ok ? "" : refusalText(done, texts));
    if (done.ok) setCut(!cut);
  };
  return (
    <p class="demo actions">
      <button type="button" onClick={() => void press()}>
        {cut ? texts.heal : texts.cut}
      </button>
      <span class="soft">{cut ? texts.cutNow : texts.cutHint}</span>
      {refusal !== "" && <span role="alert">{refusal}</span>}
    </p>
  );
}

async function isCut(): Promise<boolean | undefined> {
  try {
    const reply = await fetch("/v1/demo");
    return reply.ok ? ((await reply.json()) as DemoDocument).cut : undefined;
  } catch {
    return undefined;
  }
}
