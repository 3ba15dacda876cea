import type { FilledFile } from "./schema.ts";

/** What the SpaceAPI wants to know of a place and no sensor tells. */
export interface SpaceSettings {
  readonly name: string;
  readonly url: string;
  readonly logo: string;
  /** Whether who is in is named there. */
  readonly people: "counted" | "named";
  readonly contact: Readonly<Record<string, string>>;
  readonly location: Readonly<Record<string, string | number>> | undefined;
}

/** The file's key `space`. */
export function spaceSettings({ space }: FilledFile): SpaceSettings | undefined {
  if (space === undefined) return undefined;
  const { contact, location, people, ...same } = space;
  return {
    ...same,
    people: people ? "named" : "counted",
    contact: said(contact),
    location: location === undefined ? undefined : said(location),
  };
}

/** A mapping without the keys that were left out. */
function said<V>(mapping: Readonly<Record<string, V | undefined>>): Readonly<Record<string, V>> {
  return Object.fromEntries(
    Object.entries(mapping).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
