import { pick, randomInt, SeededRandom, sample } from "../../src/base/random.ts";

/** What can be done to a node, its cable, its disk, its clock or its card. */
export const FAULT_KINDS = [
  "kill",
  "stop",
  "split",
  "one-way",
  "loss",
  "full",
  "stall",
  "clock",
  "corrupt",
  "clone",
  "hostile",
  "version",
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** One fault of a round: from when until when, counted from the round's start. */
export interface Fault {
  readonly kind: FaultKind;
  readonly node: number;
  /** Those on the other side of a cut, or whose packets are dropped. */
  readonly others: readonly number[];
  readonly beginMs: number;
  readonly endMs: number;
  /** A number in [0, 1) for whatever else the fault has to choose. */
  readonly dice: number;
}

/** A write of a person or a sensor. A slot is one target, or one device of one person. */
export interface Operation {
  readonly atMs: number;
  readonly node: number;
  readonly does: "target" | "clear" | "claim" | "unclaim" | "reading";
  readonly slot: number;
  readonly value: number;
}

export interface RoundPlan {
  readonly faults: readonly Fault[];
  readonly operations: readonly Operation[];
  readonly lengthMs: number;
  /** The node that runs the later version in this round, faults apart. */
  readonly later: number | undefined;
}

export interface PlanBounds {
  readonly nodes: number;
  readonly kinds: readonly FaultKind[];
}

/** Of which a round has one to four. All figures here are guesses: long enough to be noticed by
 * keep-alives, short enough for many rounds. */
const FAULTS_MAX = 4;
const ROUND_MS_MIN = 8_000;
const ROUND_MS_SPAN = 14_000;
const FAULT_MS_MIN = 1_500;
/** A node whose disk stands still can't be killed meanwhile. */
const STALL_MS_MAX = 6_000;
const OPERATION_EVERY_MS = 300;
export const TARGET_SLOTS = 12;
export const CLAIM_SLOTS = 12;
/** The last targets are set on all nodes, the others in one round on one node alone. */
const CONTESTED_SLOTS = 3;
export const isContested = (slot: number): boolean => slot >= TARGET_SLOTS - CONTESTED_SLOTS;
/** Every third node believes in a clock of ours; every second has a disk that can be frozen. */
export const isClocked = (node: number): boolean => node % 3 === 2;
export const isFreezable = (node: number): boolean => node % 2 === 0;

const ON_PROCESS: readonly FaultKind[] = [
  "kill",
  "stop",
  "full",
  "stall",
  "clock",
  "corrupt",
  "clone",
  "version",
];
/** Those of which a round has no more than one: they need the visitor, or the second bridge. */
const ONCE: readonly FaultKind[] = ["clone", "hostile", "split"];

/** What happens in a round: the same for the same seed, round and bounds. */
export function planRound(seed: number, round: number, bounds: PlanBounds): RoundPlan {
  const random = new SeededRandom(seed * 1_000_003 + round);
  const lengthMs = ROUND_MS_MIN + randomInt(random, ROUND_MS_SPAN);
  const faults: Fault[] = [];
  // Kinds take turns, so that a few rounds have had each of them.
  const turn = (round * FAULTS_MAX) % bounds.kinds.length;
  const inTurn = [...bounds.kinds.slice(turn), ...bounds.kinds.slice(0, turn)];
  const wanted = 1 + randomInt(random, FAULTS_MAX);
  for (let at = 0; at < wanted; at++) {
    const kind = at === 0 ? inTurn[0] : pick(random, bounds.kinds);
    const fault = kind && drawFault(random, kind, bounds.nodes, lengthMs);
    if (fault !== undefined && fits(fault, faults)) faults.push(fault);
  }
  // Nothing is written after the last mend, so that how long it takes to agree can be measured.
  const lastMs = Math.max(ROUND_MS_MIN, ...faults.map(({ endMs }) => endMs));
  const operations = drawOperations(random, round, bounds.nodes, lastMs);
  return { faults, operations, lengthMs: lastMs, later: laterNode(round, bounds) };
}

/** Every second round has one node of the later version from its start on; all take turns. */
function laterNode(round: number, { nodes, kinds }: PlanBounds): number | undefined {
  const isMixed = kinds.includes("version") && round % 2 === 1;
  return isMixed ? ((round - 1) / 2) % nodes : undefined;
}

function drawFault(
  random: SeededRandom,
  kind: FaultKind,
  nodes: number,
  lengthMs: number,
): Fault | undefined {
  const all = Array.from({ length: nodes }, (_, node) => node);
  const node = pick(random, kind === "clock" ? all.filter(isClocked) : kindNodes(kind, all));
  if (node === undefined) return undefined;
  const rest = all.filter((one) => one !== node);
  const side = 1 + randomInt(random, Math.max(1, nodes - 1));
  const others = kind === "split" ? sample(random, rest, side) : sample(random, rest, 1);
  const begin = randomInt(random, Math.max(1, lengthMs / 2));
  const span = FAULT_MS_MIN + randomInt(random, lengthMs - FAULT_MS_MIN);
  const endMs = Math.min(
    lengthMs,
    begin + (kind === "stall" ? Math.min(span, STALL_MS_MAX) : span),
  );
  // A card is damaged before anything is written in the round: what it alone had would be lost.
  const beginMs = kind === "corrupt" ? 0 : begin;
  return { kind, node, others, beginMs, endMs, dice: random.next() };
}

function kindNodes(kind: FaultKind, all: readonly number[]): readonly number[] {
  return kind === "stall" ? all.filter(isFreezable) : all;
}

function fits(fault: Fault, others: readonly Fault[]): boolean {
  const isOnProcess = (one: Fault) => ON_PROCESS.includes(one.kind);
  return others.every((other) => {
    if (other.kind === fault.kind && (ONCE.includes(fault.kind) || other.node === fault.node)) {
      return false;
    }
    if (fault.kind !== other.kind && [fault, other].every(({ kind }) => needsVisitor(kind))) {
      return false;
    }
    return !(isOnProcess(fault) && isOnProcess(other) && fault.node === other.node);
  });
}

type Ending = "SIGTERM" | "SIGKILL";

/** How the node is ended that changes its version, and how when it changes back. */
export function versionSignals(dice: number): { readonly there: Ending; readonly back: Ending } {
  const quarter = Math.floor(dice * 4);
  return {
    there: quarter % 2 === 0 ? "SIGTERM" : "SIGKILL",
    back: quarter < 2 ? "SIGTERM" : "SIGKILL",
  };
}

/** Whether a fault ends its node without a word, so that it may lack what it kept in memory. */
export function isAbrupt({ kind, dice }: Fault): boolean {
  if (kind === "version") return Object.values(versionSignals(dice)).includes("SIGKILL");
  return kind === "kill" || kind === "corrupt" || kind === "clone";
}

const needsVisitor = (kind: FaultKind) => kind === "clone" || kind === "hostile";

function drawOperations(
  random: SeededRandom,
  round: number,
  nodes: number,
  lengthMs: number,
): readonly Operation[] {
  return Array.from({ length: Math.floor(lengthMs / OPERATION_EVERY_MS) }, (_, at) => {
    const atMs = at * OPERATION_EVERY_MS;
    const chance = random.next();
    // No two of fifty rounds: what a node shows tells which write it has seen.
    const value = 10 + (round % 50) / 2 + at / 200;
    const anyNode = randomInt(random, nodes);
    if (chance < 0.5) {
      const slot = randomInt(random, TARGET_SLOTS);
      const node = isContested(slot) ? anyNode : (slot + round) % nodes;
      const does = random.next() < 0.15 && !isContested(slot) ? "clear" : "target";
      return { atMs, node, does, slot, value };
    }
    if (chance < 0.75) {
      const slot = randomInt(random, CLAIM_SLOTS);
      const does = random.next() < 0.6 ? "claim" : "unclaim";
      return { atMs, node: (slot + round) % nodes, does, slot, value };
    }
    return { atMs, node: anyNode, does: "reading", slot: anyNode, value: 15 + (at % 40) / 2 };
  });
}
