/**
 * How many letters have to be put in, left out, changed or swapped with their neighbour to make
 * one word of the other (optimal string alignment). Costs the product of the two lengths.
 */
export function editsBetween(left: string, right: string): number {
  let before: number[] = [];
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let from = 1; from <= left.length; from++) {
    const next = [from];
    for (let to = 1; to <= right.length; to++) {
      const change = (row[to - 1] ?? 0) + (left[from - 1] === right[to - 1] ? 0 : 1);
      const swapped = left[from - 1] === right[to - 2] && left[from - 2] === right[to - 1];
      const swap = swapped ? (before[to - 2] ?? Infinity) + 1 : Infinity;
      next.push(Math.min(change, swap, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}
