/** A source of chance, handed in so that a seed fixes every choice. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
}

/**
 * A small seeded generator (sfc32), the same on every machine.
 *
 * Good enough to draw peers and jitter with; never for keys.
 */
export class SeededRandom implements Random {
  private a: number;
  private b: number;
  private c: number;
  private counter = 1;

  constructor(seed: number) {
    this.a = seed >>> 0;
    this.b = Math.floor(seed / 2 ** 32) >>> 0;
    this.c = 0x9e3779b9;
    for (let round = 0; round < 15; round++) this.next();
  }

  next(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  }

  /** A generator of its own for a part, so that one part's draws don't shift another's. */
  fork(): SeededRandom {
    return new SeededRandom(Math.floor(this.next() * 2 ** 32) + this.next() * 2 ** 32 * 2 ** 20);
  }
}

/** A whole number in [0, below). */
export function randomInt(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}

/** One of the items, or undefined when there are none. */
export function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[randomInt(random, items.length)];
}

/** Up to `count` different items in random order (a partial Fisher-Yates shuffle). */
export function sample<T>(random: Random, items: readonly T[], count: number): T[] {
  const pool = [...items];
  const size = Math.min(count, pool.length);
  for (let at = 0; at < size; at++) {
    const from = at + randomInt(random, pool.length - at);
    [pool[at], pool[from]] = [pool[from] as T, pool[at] as T];
  }
  return pool.slice(0, size);
}

/** `span` stretched or shrunk by up to `share` of itself, so that peers don't act in step. */
export function jittered(random: Random, span: number, share: number): number {
  return span * (1 + share * (2 * random.next() - 1));
}
