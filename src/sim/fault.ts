import type { Millis } from "../base/time.ts";

/**
 * Something that goes wrong at a moment of virtual time. Hosts are meant by number. Each fault
 * ends by itself, so that any of them can be left out of a history and the rest still makes sense.
 */
export type Fault = { readonly atMs: Millis } & (
  | { readonly type: "kill" | "power-cut" | "stop"; readonly host: number; readonly forMs: Millis }
  | { readonly type: "freeze"; readonly host: number; readonly forMs: Millis }
  /** Killed and started again and again. */
  | {
      readonly type: "flap";
      readonly host: number;
      readonly times: number;
      readonly everyMs: Millis;
    }
  /** The hosts with these numbers on one side, all others on the other. */
  | { readonly type: "partition"; readonly side: readonly number[]; readonly forMs: Millis }
  | {
      readonly type: "one-way-cut";
      readonly from: number;
      readonly to: number;
      readonly forMs: Millis;
    }
  /** A host that hears and can't be heard. */
  | { readonly type: "mute"; readonly host: number; readonly forMs: Millis }
  | {
      readonly type: "storm";
      readonly loss: number;
      readonly duplication: number;
      readonly reordering: number;
      readonly latencyMs: Millis;
      readonly forMs: Millis;
    }
  | { readonly type: "clock-step"; readonly host: number; readonly byMs: Millis }
  | { readonly type: "boot-in-1970"; readonly host: number }
  | { readonly type: "disk-full"; readonly host: number; readonly forMs: Millis }
  /** The database was damaged, and moved aside at the next start. */
  | { readonly type: "disk-lost"; readonly host: number; readonly forMs: Millis }
  /** Goes back to a copy of its card made `sinceMs` ago. */
  | { readonly type: "restore"; readonly host: number; readonly sinceMs: Millis }
  /** A second machine starts with a copy of the card. */
  | { readonly type: "clone"; readonly host: number; readonly forMs: Millis }
  | { readonly type: "retire"; readonly host: number }
  | { readonly type: "newcomer" }
  | { readonly type: "deaf-lan"; readonly forMs: Millis }
);

export type FaultType = Fault["type"];

/** A fault in one line. */
export function describeFault(fault: Fault): string {
  const { atMs, type, ...rest } = fault;
  const details = Object.entries(rest).map(([name, value]) => ` ${name}=${round(value)}`);
  return `${(atMs / 1_000).toFixed(1)} s ${type}${details.join("")}`;
}

function round(value: unknown): string {
  return typeof value === "number" ? String(Math.round(value * 1_000) / 1_000) : String(value);
}
