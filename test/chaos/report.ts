import type { RoundReport } from "./run.ts";

export interface Times {
  readonly count: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

export interface ChaosDocument {
  readonly seed: number;
  readonly nodes: number;
  readonly rounds: number;
  readonly took_s: number;
  readonly acknowledged_writes: number;
  readonly dots_seen: number;
  readonly rss_mib_max: number;
  readonly fds_max: number;
  readonly converged: Times;
  /** By the kinds of faults that were in the round. */
  readonly by_fault: Readonly<Record<string, Times>>;
  readonly violation: string | null;
  /** What plays the same schedule again. */
  readonly replay: string;
}

/** `p50`, `p99` and the greatest of some times. */
export function timesOf(all: readonly number[]): Times {
  const sorted = [...all].sort((left, right) => left - right);
  const at = (share: number) => {
    const place = Math.max(0, Math.ceil(sorted.length * share) - 1);
    return Math.round(sorted[place] ?? 0);
  };
  return { count: all.length, p50_ms: at(0.5), p99_ms: at(0.99), max_ms: at(1) };
}

export function summary(
  rounds: readonly RoundReport[],
  rest: Pick<ChaosDocument, "seed" | "nodes" | "took_s" | "dots_seen" | "violation" | "replay">,
): ChaosDocument {
  const kinds = [...new Set(rounds.flatMap((round) => round.kinds))].sort();
  const timesWith = (kind: string) =>
    timesOf(
      rounds
        .filter((round) => round.kinds.some((one) => one === kind))
        .map(({ convergedMs, undamagedMs }) => (kind === "corrupt" && undamagedMs) || convergedMs),
    );
  return {
    ...rest,
    rounds: rounds.length,
    acknowledged_writes: rounds.at(-1)?.acknowledged ?? 0,
    rss_mib_max: Math.round(Math.max(0, ...rounds.map(({ rssMib }) => rssMib))),
    fds_max: Math.max(0, ...rounds.map(({ fds }) => fds)),
    converged: timesOf(rounds.map(({ convergedMs }) => convergedMs)),
    by_fault: Object.fromEntries(kinds.map((kind) => [kind, timesWith(kind)])),
  };
}

export function asText(document: ChaosDocument): string {
  const { seed, nodes, rounds, took_s, acknowledged_writes, dots_seen } = document;
  const row = (name: string, { count, p50_ms, p99_ms, max_ms }: Times) =>
    `| ${name} | ${count} | ${p50_ms} | ${p99_ms} | ${max_ms} |`;
  return [
    `seed ${seed}: ${rounds} rounds of ${nodes} nodes in ${took_s} s, ` +
      `${acknowledged_writes} acknowledged writes, ${dots_seen} dots seen; at the most ` +
      `${document.rss_mib_max} MiB and ${document.fds_max} open files a node`,
    "",
    "| fault in the round | rounds | equal again p50, ms | p99 | max |",
    "|---|---|---|---|---|",
    ...Object.entries(document.by_fault).map(([kind, times]) => row(kind, times)),
    row("all", document.converged),
    "",
    document.violation === null
      ? "no violation"
      : `VIOLATION ${document.violation}\nThe same schedule again: ${document.replay}\n` +
        "(the seed fixes what is done and when; how the machine interleaves it is not fixed)",
  ].join("\n");
}
