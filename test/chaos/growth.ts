// npm run measure:growth -- [--days 7] [--hosts 3] [--minutes 10] [--json]: what a node takes over a
// week of injected time, and over real minutes; with the slope of the second half.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { growReal } from "./growth-real.ts";
import { slope } from "./slope.ts";

const WEEK = fileURLToPath(new URL("./growth-week.js", import.meta.url));
const HELP = "npm run measure:growth -- [--days 7] [--hosts 3] [--minutes 10] [--json]";

interface WeekLook {
  readonly hour: number;
  readonly heapMib: number;
  readonly storeKib: number;
  readonly rows: number;
  readonly digests: number;
}

const { values } = parseArgs({
  options: {
    days: { type: "string", default: "7" },
    hosts: { type: "string", default: "3" },
    minutes: { type: "string", default: "10" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function week(): Promise<readonly WeekLook[]> {
  const looks: WeekLook[] = [];
  const child = fork(WEEK, [values.days, values.hosts], { execArgv: ["--expose-gc"] });
  child.on("message", (look: WeekLook) => {
    looks.push(look);
    console.error(
      `hour ${look.hour}: heap ${look.heapMib.toFixed(2)} MiB, ` +
        `store ${Math.round(look.storeKib)} KiB, ${look.rows} rows`,
    );
  });
  return new Promise((resolve, reject) => {
    child.once("exit", (code) =>
      code === 0 ? resolve(looks) : reject(new Error(`the week ended with ${code}`)),
    );
  });
}

/** First, last and greatest value, and how much it grows a day in the second half. */
function trend<T>(looks: readonly T[], dayOf: (look: T) => number, of: (look: T) => number) {
  const later = looks.slice(Math.floor(looks.length / 2));
  const round = (value: number) => Math.round(value * 100) / 100;
  const all = looks.map(of);
  return {
    first: round(all[0] ?? 0),
    last: round(all.at(-1) ?? 0),
    most: round(Math.max(...all)),
    per_day: round(slope(later.map((look) => [dayOf(look), of(look)] as const))),
  };
}

async function main(): Promise<void> {
  const document: Record<string, Record<string, ReturnType<typeof trend>>> = {};
  if (Number(values.days) > 0) {
    const looks = await week();
    const day = ({ hour }: WeekLook) => hour / 24;
    document[`${values.days} days of injected time, ${values.hosts} nodes in one process`] = {
      "heap of all, MiB": trend(looks, day, ({ heapMib }) => heapMib),
      "one store, KiB": trend(looks, day, ({ storeKib }) => storeKib),
      "rows of one node": trend(looks, day, ({ rows }) => rows),
    };
  }
  if (Number(values.minutes) > 0) {
    const looks = await growReal(Number(values.minutes), ({ minutes, rssMib, heapMib, fds }) =>
      console.error(
        `minute ${minutes.toFixed(1)}: RSS ${rssMib.toFixed(1)} MiB, ` +
          `heap ${heapMib.toFixed(1)} MiB, ${fds} files`,
      ),
    );
    const day = ({ minutes }: { readonly minutes: number }) => minutes / (24 * 60);
    document[`${values.minutes} real minutes, 4 processes, one killed every 15 s`] = {
      "RSS of the largest, MiB": trend(looks, day, ({ rssMib }) => rssMib),
      "its heap, MiB": trend(looks, day, ({ heapMib }) => heapMib),
      "open files": trend(looks, day, ({ fds }) => fds),
      "files on disk, KiB": trend(looks, day, ({ fileKib }) => fileKib),
    };
  }
  if (values.json) console.log(JSON.stringify(document, undefined, 2));
  else for (const [title, rows] of Object.entries(document)) print(title, rows);
}

function print(title: string, rows: Readonly<Record<string, ReturnType<typeof trend>>>): void {
  console.log(
    `\n${title}\n\n| what | first | last | most | a day, second half |\n|---|---|---|---|---|`,
  );
  for (const [what, { first, last, most, per_day }] of Object.entries(rows)) {
    console.log(`| ${what} | ${first} | ${last} | ${most} | ${per_day} |`);
  }
}

if (values.help) console.log(HELP);
else await main();
