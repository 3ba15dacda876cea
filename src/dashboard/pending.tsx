import { useEffect, useState } from "preact/hooks";
import { refusalText } from "./refusal.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

const PATH = "/v1/pending";
/** Somebody stands in front of the new Pi and waits. */
const AGAIN_MS = 5_000;

/** A node that knocked and is no member. */
interface Stranger {
  readonly id: string;
  readonly name?: string;
  readonly address?: string;
  readonly fingerprint?: string;
}

/** Nodes that ask to be let in; not shown where none does. */
export function Pending() {
  const { texts } = useWords();
  const [strangers, setStrangers] = useState<readonly Stranger[]>([]);
  const [refusal, setRefusal] = useState("");
  const look = async () => setStrangers(await strangersNow());
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (strangers.length === 0) return null;
  const letIn = async (id: string) => {
    const done = await send("POST", `${PATH}/${encodeURIComponent(id)}`, {});
    setRefusal(done.ok ? "" : refusalText(done, texts));
    await look();
  };
  return (
    <section aria-labelledby="pending-title">
      <h2 id="pending-title">{texts.wantsIn}</h2>
      <ul class="nodes">
        {strangers.map(({ id, name, address, fingerprint }) => (
          <li key={id} class="node">
            <h3>{name ?? id}</h3>
            <p class="soft">
              {address} <code>{fingerprint ?? id}</code>
            </p>
            <p class="soft">{texts.compareFingerprint}</p>
            <button type="button" onClick={() => void letIn(id)}>
              {texts.letIn(name ?? "")}
            </button>
          </li>
        ))}
      </ul>
      {refusal !== "" && <p role="alert">{refusal}</p>}
    </section>
  );
}

async function strangersNow(): Promise<readonly Stranger[]> {
  try {
    const reply = await fetch(PATH);
    const told: unknown = reply.ok ? await reply.json() : [];
    return Array.isArray(told) ? (told as Stranger[]) : [];
  } catch {
    return [];
  }
}
