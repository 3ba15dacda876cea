import { crockford } from "./crockford.ts";
import { keyOfNodeId } from "./id.ts";

/** 60 bits: nobody makes a second key that begins the same, and people can read it out. */
const DIGITS = 12;
const GROUP = 4;
const BYTES = 8;

/** The beginning of a node's or mesh's key, for people to compare: three groups of four. */
export function fingerprint(id: string): string {
  const key = keyOfNodeId(id);
  if (key === undefined) return "?";
  return crockford(key.subarray(0, BYTES), GROUP).slice(0, DIGITS + DIGITS / GROUP - 1);
}
