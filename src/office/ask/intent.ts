import type { Kind } from "../../reading/kind.ts";

/** The rooms that were meant; none named at all means every one. */
export type Where =
  | { readonly scope: "office" }
  | { readonly scope: "rooms"; readonly rooms: readonly string[] }
  | { readonly scope: "unknown"; readonly said: string };

export type Side = "above" | "below";

/** What somebody wants to know or do. */
export type Intent =
  | { readonly type: "help" }
  | { readonly type: "unknown" }
  | { readonly type: "who"; readonly where: Where }
  | { readonly type: "where"; readonly person: string }
  | { readonly type: "iam"; readonly mac: string }
  | { readonly type: "device"; readonly mac: string }
  | { readonly type: "rooms" }
  | { readonly type: "nodes" }
  | { readonly type: "room"; readonly where: Where }
  | { readonly type: "occupancy"; readonly where: Where; readonly wanted: "free" | "taken" }
  | {
      readonly type: "reading";
      readonly kind: Kind;
      readonly where: Where;
      /** Set for "is it noisy": what yes would mean. */
      readonly is?: Side;
    }
  | { readonly type: "extreme"; readonly kind: Kind; readonly side: Side }
  | { readonly type: "target"; readonly kind: Kind | undefined; readonly where: Where }
  | {
      readonly type: "set-target";
      readonly kind: Kind;
      readonly where: Where;
      readonly value: number;
    };

export type IntentName = Intent["type"];
export const INTENT_NAMES = [
  "help",
  "unknown",
  "who",
  "where",
  "iam",
  "device",
  "rooms",
  "nodes",
  "room",
  "occupancy",
  "reading",
  "extreme",
  "target",
  "set-target",
] as const satisfies readonly IntentName[];
