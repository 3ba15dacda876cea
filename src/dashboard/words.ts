import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { type Format, formatOf } from "./format.ts";
import { type Settings, storedSettings } from "./settings.ts";
import { english } from "./texts/english.ts";
import { portuguese } from "./texts/portuguese.ts";
import type { Texts } from "./texts/texts.ts";

const LANGUAGES: Readonly<Record<Settings["language"], Texts>> = { en: english, pt: portuguese };

/** The page's words and numbers as its user likes them. */
export interface Words {
  readonly settings: Settings;
  readonly texts: Texts;
  readonly format: Format;
  change(settings: Settings): void;
}

export function wordsOf(settings: Settings, change: Words["change"]): Words {
  const texts = LANGUAGES[settings.language];
  return { settings, texts, format: formatOf(settings, texts), change };
}

export const WordsContext = createContext<Words>(wordsOf(storedSettings(), () => {}));

export function useWords(): Words {
  return useContext(WordsContext);
}
