/** How this browser's user likes the page; kept in this browser alone. */
export interface Settings {
  readonly language: "en" | "pt";
  readonly degrees: "C" | "F";
  readonly theme: "auto" | "light" | "dark";
}

const KEPT_AS = "watercooler.settings";

/** What was chosen before, else what the browser asks for. */
export function storedSettings(): Settings {
  const kept = keptSettings();
  const { language, degrees, theme } = kept;
  return {
    language: language === "en" || language === "pt" ? language : browserLanguage(),
    degrees: degrees === "F" ? "F" : "C",
    theme: theme === "light" || theme === "dark" ? theme : "auto",
  };
}

export function keepSettings(settings: Settings): void {
  try {
    localStorage.setItem(KEPT_AS, JSON.stringify(settings));
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** Tells the document, so that screen readers speak the language and styles know the theme. */
export function applySettings({ language, theme }: Settings): void {
  document.documentElement.lang = language;
  document.documentElement.dataset.theme = theme;
}

function browserLanguage(): "en" | "pt" {
  const wanted = navigator.languages.map((tag) => tag.toLowerCase().slice(0, 2));
  return wanted.find((tag) => tag === "en" || tag === "pt") === "pt" ? "pt" : "en";
}

function keptSettings(): Partial<Record<keyof Settings, unknown>> {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(KEPT_AS) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
