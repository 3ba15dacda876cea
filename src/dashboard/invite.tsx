import { useEffect, useState } from "preact/hooks";
import { refusalText } from "./refusal.ts";
import { signedFetch } from "./signed-fetch.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

const PATH = "/v1/invitations";
const NOT_FOUND = 404;

/** An invitation as a node gives it. */
interface Invitation {
  readonly code: string;
  readonly expires: string;
}

/** Lets the next Pi in; not shown by nodes that make no invitations. */
export function Invite() {
  const { texts, format } = useWords();
  const [isOffered, setOffered] = useState(false);
  const [made, setMade] = useState<Invitation | undefined>(undefined);
  const [refusal, setRefusal] = useState("");
  useEffect(() => {
    void signedFetch(PATH, { method: "GET" }).then(
      ({ status }) => setOffered(status !== NOT_FOUND),
      () => {},
    );
  }, []);
  if (!isOffered) return null;
  const invite = async () => {
    const done = await send("POST", PATH, {});
    setRefusal(done.ok ? "" : refusalText(done, texts));
    setMade(done.ok ? invitationIn(done.document) : undefined);
  };
  return (
    <section aria-labelledby="invite-title">
      <h2 id="invite-title">{texts.nextPi}</h2>
      <div class="panel">
        <p class="soft">{texts.nextPiHow}</p>
        {made !== undefined && (
          <p class="code">
            <code>watercooler join {made.code}</code>
            <br />
            <span class="soft">{texts.validUntil(format.clock(made.expires))}</span>
          </p>
        )}
        <button type="button" onClick={() => void invite()}>
          {texts.makeInvitation}
        </button>
        {refusal !== "" && <p role="alert">{refusal}</p>}
      </div>
    </section>
  );
}

function invitationIn(document: unknown): Invitation | undefined {
  if (typeof document !== "object" || document === null) return undefined;
  const { code, expires } = document as Partial<Record<keyof Invitation, unknown>>;
  return typeof code === "string" && typeof expires === "string" ? { code, expires } : undefined;
}
