/**
 * A join semilattice (Shapiro, Preguiça, Baquero, Zawirski: SSS 2011): `join` is
 * associative, commutative and idempotent, and `empty` is its neutral element. So replicas that
 * have seen the same states agree, in whatever order, however often they saw them. Any state is
 * also a valid delta (Almeida, Shoker, Baquero: JPDC 2018).
 *
 * Values are never changed in place.
 */
export interface Lattice<T> {
  readonly empty: T;
  /** The least value that holds all that both hold. */
  join(left: T, right: T): T;
  equals(left: T, right: T): boolean;
}

/** A total order: negative, zero or positive. Zero only for values that are equal. */
export type Order<T> = (left: T, right: T) => number;

/** Orders numbers; not for NaN. */
export function compareNumbers(left: number, right: number): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Orders texts by their UTF-16 units, the same on every machine whatever its language. */
export function compareTexts(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
