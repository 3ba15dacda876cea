import { useState } from "preact/hooks";
import { filledPath, type Parameter } from "./openapi.ts";

/** An answer longer than this is cut: the page is for reading. A guess. */
const SHOWN_LENGTH_MAX = 20_000;

interface Props {
  readonly path: string;
  readonly parameters: readonly Parameter[];
}

/** Asks this node and shows what it answers. */
export function Try({ path, parameters }: Props) {
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [said, setSaid] = useState("");
  const asked = filledPath(path, parameters, values);
  const ask = async () => {
    try {
      const answer = await fetch(asked);
      const text = pretty(await answer.text());
      const cut = text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}\n…` : text;
      setSaid(`${answer.status} ${answer.statusText}\n\n${cut}`);
    } catch {
      setSaid("The node does not answer.");
    }
  };
  return (
    <div class="try">
      {parameters.map(({ name, description }) => (
        <label key={name}>
          {name} <span class="soft">{description}</span>
          <input
            value={values[name] ?? ""}
            onInput={({ currentTarget: { value } }) => setValues({ ...values, [name]: value })}
          />
        </label>
      ))}
      <button type="button" onClick={ask}>
        Ask <code>{asked}</code>
      </button>
      {said !== "" && <pre role="status">{said}</pre>}
    </div>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    return text;
  }
}
