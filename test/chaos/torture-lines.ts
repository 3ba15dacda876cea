// What the tortured writer and its torturer have to agree on.

export const KEY_PREFIX = "torture/";
const KEYS = 40;
/** Four ordinary writes for each durable one, as readings and people's writes might come. */
const DURABLE_EVERY = 5;
const TAKE_BACK_EVERY = 11;

export const keyAt = (at: number): string => `${KEY_PREFIX}${(at * 7) % KEYS}`;
export const isDurable = (at: number): boolean => at % DURABLE_EVERY === 0;
export const takesBack = (at: number): boolean => at % TAKE_BACK_EVERY === 0;

/** An entry as it was told or found: `at` is the write's number, undefined where it says nothing. */
export interface Said {
  readonly key: string;
  readonly dot: string;
  readonly hash: string;
  readonly at: number | undefined;
}

/** A line of the writer's output. */
export type Line =
  | { readonly held: readonly Said[]; readonly movedAside: string | null }
  | { readonly said: Said }
  | { readonly trying: number }
  | { readonly acknowledged: number };
