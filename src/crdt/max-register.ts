import type { Lattice, Order } from "./lattice.ts";

/** The greatest value that was ever put in; undefined before the first. */
export type MaxRegister<T> = T | undefined;

/** A register that only grows: the lattice of a total order. */
export function maxRegister<T>(order: Order<T>): Lattice<MaxRegister<T>> {
  return {
    empty: undefined,
    join: (left, right) => {
      if (left === undefined) return right;
      if (right === undefined) return left;
      return order(left, right) >= 0 ? left : right;
    },
    equals: (left, right) => {
      if (left === undefined || right === undefined) return left === right;
      return order(left, right) === 0;
    },
  };
}
