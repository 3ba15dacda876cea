import type { Millis } from "../../../src/base/time.ts";
import { SECOND_MS } from "../../../src/base/time.ts";
import type { BlockingBudget } from "../blocking-budget.ts";
import { withDeadline } from "../deadline.ts";
import type { Timers } from "../timers.ts";
import { hexOf, type I2cBus } from "./port.ts";

/** One transaction with its wait. The Pi's own adapter gives up after 1 s (i2c-bcm2835). */
export const OPERATION_MS_MAX = 2 * SECOND_MS;
/** Transactions that may wait for one bus: 112 addresses, a few each. A guess. */
const WAITING_COUNT_MAX = 256;

export interface I2cQueueOptions {
  readonly number: number;
  /** The bus itself, whose operations may hang. */
  readonly wire: I2cBus;
  readonly timers: Timers;
  readonly budget: BlockingBudget;
}

/**
 * A bus as a queue: one transaction at a time, each with a deadline.
 *
 * What hangs is left behind and its caller told, yet the next one starts only when it has come
 * back: two at once would only lose a second thread to the same dead bus.
 */
export class I2cQueue implements I2cBus {
  private tail: Promise<unknown> = Promise.resolve();
  private waiting = 0;

  constructor(private readonly options: I2cQueueOptions) {}

  probe(address: number): Promise<void> {
    return this.enqueue(address, (wire) => wire.probe(address));
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.enqueue(address, (wire) => wire.read(address, length));
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    return this.enqueue(address, (wire) => wire.write(address, bytes));
  }

  readRegister(address: number, register: number, length: number): Promise<Uint8Array> {
    return this.enqueue(address, (wire) => wire.readRegister(address, register, length));
  }

  writeRegister(address: number, register: number, bytes: Uint8Array): Promise<void> {
    return this.enqueue(address, (wire) => wire.writeRegister(address, register, bytes));
  }

  /** Closes what lies below unless it hangs: then it is left to the end of the process. */
  async close(): Promise<void> {
    if (this.waiting === 0) await this.options.wire.close();
  }

  private enqueue<T>(address: number, operation: (wire: I2cBus) => Promise<T>): Promise<T> {
    const { number, wire, timers, budget } = this.options;
    if (this.waiting >= WAITING_COUNT_MAX) {
      return Promise.reject(new Error(`i2c-${number} is busy: too many transactions wait`));
    }
    this.waiting++;
    const before = this.tail;
    let state: "queued" | "next" | "running" | "given up" = "queued";
    const turn = async (): Promise<T> => {
      await before;
      if (state === "queued") state = "next";
      return budget.run(async () => {
        if (state === "given up") throw new Error("given up");
        state = "running";
        return operation(wire);
      });
    };
    const result = turn();
    this.tail = result.then(
      () => this.waiting--,
      () => this.waiting--,
    );
    return withDeadline(timers, OPERATION_MS_MAX, result, () => {
      const was = state;
      state = "given up";
      if (was === "running") return hangs(number, address, OPERATION_MS_MAX);
      // It was this bus's turn, but other buses and files that hang have all the threads.
      if (was === "next") return `i2c-${number} gets no turn: other sensors hang`;
      return `i2c-${number} hangs: ${MEND}`;
    });
  }
}

const MEND = "find the chip that holds it, take its power away and back";

function hangs(number: number, address: number, afterMs: Millis): string {
  return `${hexOf(address)} on i2c-${number} hangs, no answer in ${afterMs / SECOND_MS} s: ${MEND}`;
}
