/** The wire version of `next-wire-node.ts`, and the key that only it writes. */
export const NEXT_WIRE = 2;
export const NEXT_KEY = "future/thing";
