/** Line drawings on a 24 by 24 field. */
const PATHS = {
  office: "M4 20V9l8-5 8 5v11M9 20v-6h6v6M2 20h20",
  people:
    "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM2.5 20c0-3.6 2.9-6 6.5-6s6.5 2.4 6.5 6" +
    "M16 4.3a3.5 3.5 0 0 1 0 6.4M18 14.3c2.1.9 3.5 3 3.5 5.7",
  mesh:
    "M12 7.5V10M7.2 16.5l3-3.5M16.8 16.5l-3-3.5" +
    "M12 7.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" +
    "M5.5 21.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" +
    "M18.5 21.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" +
    "M12 13.5a1.7 1.7 0 1 0 0-3.5 1.7 1.7 0 0 0 0 3.5Z",
  setup:
    "M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z" +
    "M9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5Z",
  humidity: "M12 3.5s6 6.3 6 10.5a6 6 0 0 1-12 0c0-4.2 6-10.5 6-10.5Z",
  co2: "M3 9h10.5a2.5 2.5 0 1 0-2.4-3.2M3 13h15a2.5 2.5 0 1 1-2.4 3.2M3 17h7a2 2 0 1 1-1.9 2.7",
  sound: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
  motion:
    "M13.5 6a1.8 1.8 0 1 0 0-3.5 1.8 1.8 0 0 0 0 3.5ZM7 12l3-3.5 3.5.5 1.5 3 3 1.5" +
    "M11 13l-1 4-3.5 4M11 14l3.5 2 .5 5",
  light:
    "M12 16.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM12 2v2.5M12 19.5V22M4.9 4.9l1.8 1.8" +
    "M17.3 17.3l1.8 1.8M2 12h2.5M19.5 12H22M4.9 19.1l1.8-1.8M17.3 6.7l1.8-1.8",
  plan: "M4 4h16v16H4ZM4 12h7M15 12h5M12 4v5M12 20v-5",
} as const;

export type IconName = keyof typeof PATHS;

export function isIcon(name: string): name is IconName {
  return Object.hasOwn(PATHS, name);
}

/** A picture beside words that say the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
