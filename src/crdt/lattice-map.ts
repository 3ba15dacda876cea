import type { Lattice } from "./lattice.ts";

/** A map whose values are joined key by key; an absent key stands for the empty value. */
export type LatticeMap<K, V> = ReadonlyMap<K, V>;

/** The map of lattices is a lattice (Almeida and others, 2018). */
export function latticeMap<K, V>(inner: Lattice<V>): Lattice<LatticeMap<K, V>> {
  const at = (map: LatticeMap<K, V>, key: K) => map.get(key) ?? inner.empty;
  return {
    empty: new Map(),
    join: (left, right) => {
      const joined = new Map(left);
      for (const [key, value] of right) joined.set(key, inner.join(at(left, key), value));
      return joined;
    },
    equals: (left, right) =>
      [...new Set([...left.keys(), ...right.keys()])].every((key) =>
        inner.equals(at(left, key), at(right, key)),
      ),
  };
}

/** The map with one key's value joined into what is there. */
export function joinAt<K, V>(
  inner: Lattice<V>,
  map: LatticeMap<K, V>,
  key: K,
  value: V,
): LatticeMap<K, V> {
  return new Map(map).set(key, inner.join(map.get(key) ?? inner.empty, value));
}
