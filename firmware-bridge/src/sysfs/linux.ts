import { readdir, readFile } from "node:fs/promises";
import { SECOND_MS } from "../../../src/base/time.ts";
import { BlockingBudget } from "../blocking-budget.ts";
import { withDeadline } from "../deadline.ts";
import type { Timers } from "../timers.ts";
import type { SensorFiles } from "./port.ts";

/** The slowest known driver that is well, scd4x, sleeps for 6 s in a read; with room. */
export const FILE_MS_MAX = 10 * SECOND_MS;
/** One may wait so long for others: 40 thermometers on one wire, at 0.75 s each. */
const TURN_MS_MAX = 30 * SECOND_MS;
/** Of the places that may block, how many files take: a slow wire leaves one for the buses. */
const FILES_COUNT_MAX = 2;

export interface LinuxFilesOptions {
  readonly timers: Timers;
  readonly budget: BlockingBudget;
  /** How a file is read; tests put a slow one here. */
  readonly readText?: (path: string) => Promise<string>;
}

/** The files of this machine. What hangs is left, and not asked again before it has come back. */
export class LinuxFiles implements SensorFiles {
  private readonly underWay = new Set<string>();
  private readonly places = new BlockingBudget(FILES_COUNT_MAX);

  constructor(private readonly options: LinuxFilesOptions) {}

  async list(folder: string): Promise<readonly string[]> {
    try {
      return (await readdir(folder)).sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
      throw error;
    }
  }

  async read(path: string): Promise<string> {
    if (this.underWay.has(path)) throw new Error(`${path} hangs: check the wiring`);
    const { timers, budget, readText = (file) => readFile(file, "utf8") } = this.options;
    let state: "waiting" | "given up" = "waiting";
    this.underWay.add(path);
    const { promise: begun, resolve: begin } = deferred();
    const work = this.places.run(() =>
      budget.run(async () => {
        if (state === "given up") throw new Error("given up");
        begin();
        return readText(path);
      }),
    );
    const forget = () => this.underWay.delete(path);
    work.then(forget, forget);
    await withDeadline(timers, TURN_MS_MAX, begun, () => {
      state = "given up";
      return `${path} gets no turn: other sensors hang`;
    });
    const hangs = () =>
      `${path} hangs, no answer in ${FILE_MS_MAX / SECOND_MS} s: check the wiring`;
    return (await withDeadline(timers, FILE_MS_MAX, work, hangs)).trim();
  }
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
