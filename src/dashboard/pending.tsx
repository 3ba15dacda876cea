import { useEffect, useState } from "preact/hooks";
import type { PendingDocument } from "../api/membership-types.ts";
import { refusalText } from "./refusal.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

const PATH = "/v1/pending";
/** Somebody stands in front of the new Pi and waits. */
const AGAIN_MS = 5_000;

/** Nodes that ask to be let in; not shown where none does. */
export function Pending() {
  const { texts } = useWords();
  const [strangers, setStrangers] = useState<readonly PendingDocument[]>([]);
  const [refusal, setRefusal] = useState("");
  const look = async () => setStrangers(await strangersNow());
  useEffect(() => {
    void look();
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => clearInterval(timer);
  }, []);
  if (strangers.length === 0) return null;
  const decide = async (id: string, what: "let in" | "send away") => {
    const path = `${PATH}/${encodeURIComponent(id)}`;
    const done = await (what === "let in" ? send("POST", path, {}) : send("DELETE", path));
    setRefusal(done.ok ? "" : refusalText(done, texts));
    await look();
  };
  return (
    <section aria-labelledby="pending-title">
      <h2 id="pending-title">{texts.wantsIn}</h2>
      <ul class="nodes">
        {strangers.map(({ id, name, address, fingerprint, seen_by }) => (
          <li key={id} class="node">
            <h3>{name}</h3>
            <p class="soft">
              {address} · {texts.heardBy(seen_by.join(", "))}
            </p>
            <p>
              <code>{fingerprint}</code>
            </p>
            <p class="soft">{texts.compareFingerprint}</p>
            <p class="actions">
              <button type="button" onClick={() => void decide(id, "let in")}>
                {texts.letIn(name)}
              </button>
              <button type="button" class="quiet" onClick={() => void decide(id, "send away")}>
                {texts.sendAway}
              </button>
            </p>
          </li>
        ))}
      </ul>
      {refusal !== "" && <p role="alert">{refusal}</p>}
    </section>
  );
}

async function strangersNow(): Promise<readonly PendingDocument[]> {
  try {
    const reply = await fetch(PATH);
    const told: unknown = reply.ok ? await reply.json() : [];
    return Array.isArray(told) ? (told as PendingDocument[]) : [];
  } catch {
    return [];
  }
}
