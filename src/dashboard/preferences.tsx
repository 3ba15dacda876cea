import { useWords } from "./words.ts";

const THEMES = ["auto", "light", "dark"] as const;

/** Language, degrees and colours, behind one button. */
export function Preferences() {
  const { texts, settings, change } = useWords();
  return (
    <details class="preferences">
      <summary aria-label={texts.preferences}>
        <span aria-hidden="true">Aa</span>
      </summary>
      <div>
        <Choice
          title={texts.language}
          choices={[
            { value: "en", text: "English" },
            { value: "pt", text: "Português" },
          ]}
          chosen={settings.language}
          choose={(language) => change({ ...settings, language })}
        />
        <Choice
          title={texts.kinds.temperature}
          choices={[
            { value: "C", text: "°C" },
            { value: "F", text: "°F" },
          ]}
          chosen={settings.degrees}
          choose={(degrees) => change({ ...settings, degrees })}
        />
        <Choice
          title={texts.colours}
          choices={THEMES.map((value) => ({ value, text: texts.themes[value] }))}
          chosen={settings.theme}
          choose={(theme) => change({ ...settings, theme })}
        />
      </div>
    </details>
  );
}

interface ChoiceProps<T extends string> {
  readonly title: string;
  readonly choices: readonly { readonly value: T; readonly text: string }[];
  readonly chosen: T;
  choose(value: T): void;
}

/** One of a few, all of them seen. */
export function Choice<T extends string>({ title, choices, chosen, choose }: ChoiceProps<T>) {
  return (
    <fieldset class="choice">
      <legend>{title}</legend>
      {choices.map(({ value, text }) => (
        <label key={value} class={value === chosen ? "chosen" : undefined}>
          <input
            type="radio"
            name={title}
            checked={value === chosen}
            onChange={() => choose(value)}
          />
          {text}
        </label>
      ))}
    </fieldset>
  );
}
