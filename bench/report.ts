import type { Bare } from "./bare.ts";
import type { AfterKill, Latency, Rest } from "./figures.ts";
import { SYSTEMS } from "./systems.ts";

/** What was found of one system at one size; what is absent was not measured. */
export interface Row extends Partial<Latency>, Partial<Rest>, Partial<AfterKill> {
  readonly system: string;
  readonly nodes: number;
  readonly coldStartMs?: number;
  readonly highestRate?: number;
  readonly failure?: string;
}

export interface Document {
  readonly at: string;
  readonly machine: string;
  /** Whether nobody else's traffic was counted. */
  readonly isAlone: boolean;
  readonly bare: Readonly<Record<"same" | "newer", Bare>>;
  readonly rows: readonly Row[];
}

interface Column {
  readonly title: string;
  readonly of: (row: Row) => number | undefined;
  readonly show: (value: number) => string;
  /** Whether a ratio to ours says something. */
  readonly ratio: "low is good" | "high is good" | "none";
}

const fixed = (digits: number) => (value: number) => value.toFixed(digits);
const megabytes = (value: number) => (value / 2 ** 20).toFixed(1);
const percent = (value: number) => (value * 100).toFixed(1);
const kilobytes = (value: number) => (value / 1_000).toFixed(1);

const COLUMNS: readonly Column[] = [
  { title: "p50, ms", of: (row) => row.p50Ms, show: fixed(1), ratio: "low is good" },
  { title: "p99, ms", of: (row) => row.p99Ms, show: fixed(1), ratio: "low is good" },
  { title: "lost", of: (row) => row.lost, show: fixed(0), ratio: "none" },
  { title: "kB a write", of: (row) => row.bytesPerWrite, show: kilobytes, ratio: "low is good" },
  { title: "packets a write", of: (row) => row.packetsPerWrite, show: fixed(0), ratio: "none" },
  { title: "messages a write", of: (row) => row.messagesPerWrite, show: fixed(1), ratio: "none" },
  { title: "RSS, MiB", of: (row) => row.rssBytes, show: megabytes, ratio: "low is good" },
  { title: "PSS, MiB", of: (row) => row.pssBytes, show: megabytes, ratio: "none" },
  { title: "CPU s/min", of: (row) => row.cpuSPerMinute, show: fixed(2), ratio: "low is good" },
  { title: "at rest, kB/s", of: (row) => row.bytesPerSecond, show: kilobytes, ratio: "none" },
  {
    title: "cold start, s",
    of: (row) => row.coldStartMs,
    show: (ms) => fixed(1)(ms / 1_000),
    ratio: "low is good",
  },
  { title: "writes/s", of: (row) => row.highestRate, show: fixed(0), ratio: "high is good" },
  {
    title: "in 1 s after kill, %",
    of: (row) => row.firstSecondShare,
    show: percent,
    ratio: "none",
  },
  {
    title: "all within 1 s again after, s",
    of: (row) => row.wholeAgainMs,
    show: (ms) => fixed(1)(ms / 1_000),
    ratio: "none",
  },
  {
    title: "all of that second everywhere, s",
    of: (row) => row.evenMs,
    show: (ms) => fixed(1)(ms / 1_000),
    ratio: "none",
  },
];

const titleOf = (name: string) => SYSTEMS.find((one) => one.name === name)?.title ?? name;

/** Ratios first: how many times better (over 1) or worse than ours each other system is. */
export function markdown({ at, machine, isAlone, bare, rows }: Document): string {
  const sizes = [...new Set(rows.map(({ nodes }) => nodes))];
  const parts = [
    `${at}, ${machine}. Bare Node: ${bare.same.version} ${megabytes(bare.same.rssBytes)} MiB, ` +
      `${bare.newer.version} ${megabytes(bare.newer.rssBytes)} MiB.`,
    ...(isAlone ? [] : ["Bytes and packets count whatever else used loopback meanwhile."]),
  ];
  for (const size of sizes) {
    const here = rows.filter(({ nodes }) => nodes === size);
    const ours = here.find(({ system }) => system === "ours");
    if (ours !== undefined && here.length > 1) {
      parts.push(`### ${size} nodes: how many times worse than Watercooler`, ratios(here, ours));
    }
    parts.push(`### ${size} nodes`, figures(here));
  }
  return `${parts.join("\n\n")}\n`;
}

function ratios(rows: readonly Row[], ours: Row): string {
  const columns = COLUMNS.filter(({ ratio, of }) => ratio !== "none" && of(ours) !== undefined);
  const cells = (row: Row) =>
    columns.map(({ of, ratio }) => {
      const [theirs, own] = [of(row), of(ours)];
      if (theirs === undefined || own === undefined || theirs === 0 || own === 0) return "";
      const worse = ratio === "low is good" ? theirs / own : own / theirs;
      return worse >= 10 ? worse.toFixed(0) : worse.toFixed(2);
    });
  const others = rows.filter(({ system }) => system !== "ours");
  return table(
    ["", ...columns.map(({ title }) => title)],
    others.map((row) => [titleOf(row.system), ...cells(row)]),
  );
}

function figures(rows: readonly Row[]): string {
  const columns = COLUMNS.filter(({ of }) => rows.some((row) => of(row) !== undefined));
  const cells = (row: Row) =>
    columns.map(({ of, show }) => {
      const value = of(row);
      return value === undefined || Number.isNaN(value) ? "-" : show(value);
    });
  const body = rows.map((row) => [
    titleOf(row.system),
    ...(row.failure === undefined ? cells(row) : [...cells(row).slice(0, -1), row.failure]),
  ]);
  return table(["", ...columns.map(({ title }) => title)], body);
}

function table(head: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(head),
    line(head.map((_, at) => (at === 0 ? "---" : "---:"))),
    ...body.map(line),
  ].join("\n");
}
