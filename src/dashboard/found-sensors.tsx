import { useEffect, useState } from "preact/hooks";
import type { BusesDocument } from "../api/types.ts";
import { signedFetch } from "./signed-fetch.ts";
import { useWords } from "./words.ts";

/** Who plugs something in looks whether it is there. A guess; the node looks no oftener. */
const AGAIN_MS = 5_000;

/** What is on this Pi's buses and no sensor of it, with the lines to paste. */
export function FoundSensors({ node }: { readonly node: string }) {
  const { texts } = useWords();
  const buses = useBuses(node);
  if (buses === undefined) return null;
  const rest = buses.found.filter(({ state }) => state !== "used");
  return (
    <section aria-labelledby="unused-title">
      <h2 id="unused-title">{texts.notUsedYet}</h2>
      {rest.length === 0 && buses.troubles.length === 0 && (
        <p class="empty">{buses.buses === 0 ? texts.noBus : texts.nothingElse(buses.buses)}</p>
      )}
      <ul class="nodes">
        {rest.map(({ where, what, state }) => (
          <li key={where} class="node">
            <h3>{what}</h3>
            <p class="soft">{where}</p>
            {state === "unknown" && <p class="soft">{texts.notKnownHere}</p>}
          </li>
        ))}
      </ul>
      {buses.troubles.map(({ where, says }) => (
        <p key={where} role="alert">
          {where}: {says}
        </p>
      ))}
      {buses.yaml !== "" && (
        <>
          <p>{texts.pasteThese}</p>
          <pre class="panel">{buses.yaml}</pre>
        </>
      )}
    </section>
  );
}

/** Undefined until they were looked at, or where the node looks at none. */
function useBuses(node: string): BusesDocument | undefined {
  const [buses, setBuses] = useState<BusesDocument | undefined>(undefined);
  useEffect(() => {
    let gone = false;
    let timer: number | undefined;
    const look = async () => {
      try {
        const reply = await signedFetch("/v1/sensors/found", { method: "GET" });
        if (reply.ok && !gone) setBuses((await reply.json()) as BusesDocument);
      } catch {
        // What is shown stays; the header says that the node is gone.
      }
      // A bus that hangs takes its time: the next look waits for the answer.
      if (!gone) timer = window.setTimeout(() => void look(), AGAIN_MS);
    };
    setBuses(undefined);
    void look();
    return () => {
      gone = true;
      clearTimeout(timer);
    };
  }, [node]);
  return buses;
}
