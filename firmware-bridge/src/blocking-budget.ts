/**
 * Operations that may hang in the kernel at one time, over all buses and sensor files.
 *
 * Each holds one of the 4 threads that Node has for files and name look-ups (libuv's default);
 * one has to stay free, or a third dead sensor would still the whole process.
 */
export const BLOCKING_COUNT_MAX = 3;

/** Lets so many operations run at once and the others wait, first come first served. */
export class BlockingBudget {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly countMax: number = BLOCKING_COUNT_MAX) {}

  /** How many are under way and have not come back. */
  get busy(): number {
    return this.running;
  }

  async run<T>(operation: () => Promise<T>): Promise<T> {
    if (this.running < this.countMax) this.running++;
    else await new Promise<void>((resolve) => this.waiting.push(resolve));
    try {
      return await operation();
    } finally {
      // A place is handed on rather than given back, so that nobody can slip in between.
      const next = this.waiting.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}
