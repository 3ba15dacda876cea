/** What can be measured, each with the unit everything inside and outside speaks. */
export const KINDS = {
  temperature: { unit: "degC", min: -60, max: 125 },
  humidity: { unit: "percent", min: 0, max: 100 },
  pressure: { unit: "hPa", min: 300, max: 1_250 },
  co2: { unit: "ppm", min: 0, max: 40_000 },
  sound: { unit: "dB", min: -120, max: 194 },
  light: { unit: "lx", min: 0, max: 200_000 },
  motion: { unit: "boolean", min: 0, max: 1 },
  contact: { unit: "boolean", min: 0, max: 1 },
  voltage: { unit: "V", min: -1_000, max: 1_000 },
  count: { unit: "1", min: -1e9, max: 1e9 },
} as const satisfies Record<string, { unit: string; min: number; max: number }>;

export type Kind = keyof typeof KINDS;
export type Unit = (typeof KINDS)[Kind]["unit"];

export const KIND_NAMES = Object.keys(KINDS) as readonly Kind[];

export function isKind(text: string): text is Kind {
  return Object.hasOwn(KINDS, text);
}

export function unitOf(kind: Kind): Unit {
  return KINDS[kind].unit;
}

/** True for kinds whose value is yes (1) or no (0). */
export function isBooleanKind(kind: Kind): boolean {
  return KINDS[kind].unit === "boolean";
}

/** True where a value can be of this kind: finite, within what nature and sensors allow. */
export function isPlausible(kind: Kind, value: number): boolean {
  const { min, max } = KINDS[kind];
  return Number.isFinite(value) && value >= min && value <= max;
}
