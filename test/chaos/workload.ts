import { type Attempt, keyOf, type Ledger, type Outcome } from "./ledger.ts";
import type { Pi } from "./pi.ts";
import { type Fault, isAbrupt, isContested, type Operation, type RoundPlan } from "./plan.ts";

export const targetPath = (slot: number): string => `/v1/targets/office-${slot}/temperature`;
export const personOf = (slot: number): string => `Person-${slot}`;
export const macOf = (slot: number): string => `3c:22:fb:00:01:${String(slot).padStart(2, "0")}`;

interface Performance {
  readonly operation: Operation;
  readonly pi: Pi;
  /** The node's process when the round began. */
  readonly first: number | undefined;
  readonly faults: readonly Fault[];
}

/** Makes one write through a node, as a person or a sensor would. */
async function perform({ operation, pi, first, faults }: Performance): Promise<Attempt> {
  const { host } = pi;
  const { pid } = host;
  const asks = operation.does === "target" && isContested(operation.slot);
  const saw = asks || pid !== first ? await shown(operation, pi) : undefined;
  const { status } = await send(operation, pi);
  const outcome = outcomeOf(operation, status);
  if (host.pid === first) return { operation, outcome, saw, process: first };
  const ofOne = pid === host.pid ? { saw, process: pid } : {};
  if (outcome !== "acknowledged") return { operation, outcome };
  return { operation, outcome: afterRestart(operation, faults), ...ofOne };
}

/** The target that a node shows where another is about to be set; undefined where it shows none. */
async function shown({ does, slot }: Operation, pi: Pi): Promise<number | undefined> {
  if (does !== "target" && does !== "clear") return undefined;
  return (await pi.get<{ readonly value?: number }>(targetPath(slot)))?.value;
}

/** What it means that a node acknowledged a write that was started anew in this round. */
function afterRestart({ does, node }: Operation, faults: readonly Fault[]): Outcome {
  const own = faults.filter((fault) => fault.node === node);
  if (own.some(({ kind }) => kind === "clone")) return "doubtful";
  if (!own.some(isAbrupt)) return "acknowledged";
  // It takes back the claims that it knows; adding one, and a reading, need no knowledge.
  if (does === "unclaim") return "doubtful";
  return does === "target" || does === "clear" ? "blind" : "acknowledged";
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
  const first = pis.map(({ host }) => host.pid);
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
      before.then(async () =>
        ledger.note(await perform({ operation, pi, first: first[operation.node], faults })),
      ),
    );
  }
  await Promise.all(last.values());
}
