import { useEffect, useState } from "preact/hooks";
import type { CallerDocument, ProblemDocument } from "../api/types.ts";
import { refusalText } from "./refusal.ts";
import { signedFetch } from "./signed-fetch.ts";
import { useWords } from "./words.ts";
import { send } from "./write.ts";

/** Who this browser's user said they are, and by which address their device was known. */
interface Mine {
  readonly name: string;
  readonly mac: string;
}

type Caller =
  | { readonly state: "unasked" | "asking" }
  | { readonly state: "known"; readonly device: CallerDocument }
  | { readonly state: "unknown"; readonly detail: string };

const KEPT_AS = "watercooler.me";
const NAME_LENGTH_MAX = 40;

/** Ties the device that shows this page to its user: no address to type, two taps. */
export function MyPhone() {
  const { texts } = useWords();
  const [caller, setCaller] = useState<Caller>({ state: "unasked" });
  const [said, setSaid] = useState("");
  const [mine, setMine] = useState(keptMine());

  const look = async () => {
    setCaller({ state: "asking" });
    setCaller(await callerNow());
  };
  // Who tied a device before is told at once when its address changed.
  useEffect(() => {
    if (keptMine() !== undefined) void look();
  }, []);

  const act = async (acting: () => Promise<string>) => {
    setSaid(await acting());
    setMine(keptMine());
    await look();
  };
  const tie = (name: string, device: CallerDocument) =>
    act(async () => {
      const done = await send("PUT", pathOf(name, device.mac));
      if (!done.ok) return refusalText(done, texts);
      // What the same phone was called before is nobody's now.
      if (mine !== undefined && mine.mac !== device.mac) {
        await send("DELETE", pathOf(mine.name, mine.mac));
      }
      keepMine({ name, mac: device.mac });
      return texts.tied(name);
    });
  const forget = (name: string, mac: string) =>
    act(async () => {
      const done = await send("DELETE", pathOf(name, mac));
      if (!done.ok) return refusalText(done, texts);
      keepMine(undefined);
      return texts.forgotten;
    });

  return (
    <section class="mine" aria-labelledby="mine-title">
      <h2 id="mine-title">{texts.thisIsMyPhone}</h2>
      {caller.state === "unasked" && (
        <>
          <p class="soft">{texts.whyTie}</p>
          <button type="button" onClick={() => void look()}>
            {texts.thisIsMyPhone}
          </button>
        </>
      )}
      {caller.state === "asking" && <p class="soft">{texts.looking}</p>}
      {caller.state === "unknown" && (
        <>
          <p class="soft">{caller.detail === "" ? texts.noAnswer : caller.detail}</p>
          <button type="button" onClick={() => void look()}>
            {texts.lookAgain}
          </button>
        </>
      )}
      {caller.state === "known" && (
        <Device device={caller.device} mine={mine} tie={tie} forget={forget} />
      )}
      <p class="said" role="status">
        {said}
      </p>
    </section>
  );
}

interface DeviceProps {
  readonly device: CallerDocument;
  readonly mine: Mine | undefined;
  tie(name: string, device: CallerDocument): Promise<void>;
  forget(name: string, mac: string): Promise<void>;
}

function Device({ device, mine, tie, forget }: DeviceProps) {
  const { texts } = useWords();
  const [name, setName] = useState(mine?.name ?? "");
  const { person, conflict, mac } = device;
  return (
    <>
      <p>
        {texts.yourDevice} <code>{mac}</code>
        {person !== undefined && ` · ${texts.tiedTo(person)}`}
      </p>
      {conflict !== undefined && <p class="word poor">⚠ {texts.claimedBy(conflict.join(", "))}</p>}
      {person === undefined && mine !== undefined && mine.mac !== mac && (
        <p class="again">
          {texts.addressChanged(mine.name)}{" "}
          <button type="button" onClick={() => void tie(mine.name, device)}>
            {texts.itsMe(mine.name)}
          </button>
        </p>
      )}
      {person === undefined && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            if (name.trim() !== "") void tie(name.trim(), device);
          }}
        >
          <label for="my-name">{texts.yourName}</label>
          <input
            id="my-name"
            value={name}
            maxLength={NAME_LENGTH_MAX}
            autocomplete="name"
            onInput={(event) => setName(event.currentTarget.value)}
          />
          <button type="submit">{texts.thatsMe}</button>
        </form>
      )}
      {person !== undefined && (
        <button type="button" class="quiet" onClick={() => void forget(person, mac)}>
          {texts.forgetMe}
        </button>
      )}
      {device.private_address && <PrivateAddress />}
    </>
  );
}

/** What a made-up address means, and where phones have the switch. */
function PrivateAddress() {
  const { texts } = useWords();
  return (
    <div class="notice">
      <p>{texts.privateAddress}</p>
      <dl>
        <dt>iPhone, iPad</dt>
        <dd>{texts.iphone}</dd>
        <dt>Android</dt>
        <dd>{texts.android}</dd>
      </dl>
    </div>
  );
}

async function callerNow(): Promise<Caller> {
  try {
    const reply = await signedFetch("/v1/me", { method: "GET" });
    const document = (await reply.json()) as CallerDocument | ProblemDocument;
    if ("mac" in document) return { state: "known", device: document };
    return { state: "unknown", detail: document.detail };
  } catch {
    return { state: "unknown", detail: "" };
  }
}

function pathOf(name: string, mac: string): string {
  return `/v1/people/${encodeURIComponent(name)}/devices/${encodeURIComponent(mac)}`;
}

function keptMine(): Mine | undefined {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "null");
    if (typeof kept !== "object" || kept === null) return undefined;
    const { name, mac } = kept as Partial<Record<keyof Mine, unknown>>;
    return typeof name === "string" && typeof mac === "string" ? { name, mac } : undefined;
  } catch {
    return undefined;
  }
}

function keepMine(mine: Mine | undefined): void {
  try {
    if (mine === undefined) localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, JSON.stringify(mine));
  } catch {
    // A browser that keeps nothing: the phone is tied all the same.
  }
}
