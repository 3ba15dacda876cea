import { keyOf, type Ledger, type Outcome } from "./ledger.ts";
import type { Pi } from "./pi.ts";
import type { Fault, FaultKind, Operation, RoundPlan } from "./plan.ts";

/** Faults with which a node is started anew. */
const RESTARTS: readonly FaultKind[] = ["kill", "clone"];

export const targetPath = (slot: number): string => `/v1/targets/office-${slot}/temperature`;
export const personOf = (slot: number): string => `Person-${slot}`;
export const macOf = (slot: number): string => `3c:22:fb:00:01:${String(slot).padStart(2, "0")}`;

/** Makes one write through a node, as a person or a sensor would, and notes what was answered. */
export async function perform(
  operation: Operation,
  pi: Pi,
  ledger: Ledger,
  faults: readonly Fault[],
): Promise<void> {
  const { status } = await send(operation, pi);
  const outcome = outcomeOf(operation, status);
  const { node, atMs } = operation;
  const isRestarted = faults.some(
    (fault) => RESTARTS.includes(fault.kind) && fault.node === node && fault.beginMs <= atMs,
  );
  ledger.note(operation, outcome === "acknowledged" && isRestarted ? "blind" : outcome);
}

function outcomeOf({ does }: Operation, status: number): Outcome {
  if (status >= 200 && status < 300) return "acknowledged";
  // What was taken back and could not be erased yet is taken back all the same.
  return status === 0 || does === "unclaim" ? "unknown" : "refused";
}

function send({ does, slot, value }: Operation, pi: Pi): Promise<{ readonly status: number }> {
  const device = `/v1/people/${personOf(slot)}/devices/${macOf(slot)}`;
  switch (does) {
    case "target":
      return pi.ask("PUT", targetPath(slot), { value });
    case "clear":
      return pi.ask("DELETE", targetPath(slot));
    case "claim":
      return pi.ask("PUT", device);
    case "unclaim":
      return pi.ask("DELETE", device);
    case "reading":
      return pi.ask("POST", "/v1/readings", { sensor: "box", kind: "temperature", value });
  }
}

/** Sends all writes at their time; gives when each is answered. */
export async function performAll(
  { operations, faults }: RoundPlan,
  pis: readonly Pi[],
  ledger: Ledger,
  isOver: () => boolean,
): Promise<void> {
  const startMs = performance.now();
  // Of one slot through one node, each waits for the one before, as a person would.
  const last = new Map<string, Promise<void>>();
  for (const operation of operations) {
    const waitMs = operation.atMs - (performance.now() - startMs);
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    if (isOver()) break;
    const pi = pis[operation.node];
    if (pi === undefined) continue;
    const line = `${operation.node} ${keyOf(operation)}`;
    const before = last.get(line) ?? Promise.resolve();
    last.set(
      line,
      before.then(() => perform(operation, pi, ledger, faults)),
    );
  }
  await Promise.all(last.values());
}
