import { isDurable, keyAt, type Line, type Said, takesBack } from "./torture-lines.ts";

/** What a kill showed, or may never show. */
export interface TortureCounts {
  kills: number;
  /** The process was dead before it had said what it holds. */
  killedInStart: number;
  acknowledged: number;
  acknowledgedDurable: number;
  /** Ordinary writes that were acknowledged and are not held: allowed, within five seconds. */
  ordinaryLost: number;
  /** Held, though the kill fell between the commit and its line. */
  heldUnsaid: number;
}

/** All that writers on one store ever said, to be held against what is found. */
export class TortureRecord {
  readonly counts: TortureCounts = {
    kills: 0,
    killedInStart: 0,
    acknowledged: 0,
    acknowledgedDurable: 0,
    ordinaryLost: 0,
    heldUnsaid: 0,
  };
  readonly violations: string[] = [];
  private readonly byDot = new Map<string, string>();
  /** The last durable and the last of all acknowledged writes, by key. */
  private readonly durable = new Map<string, number>();
  private readonly latest = new Map<string, number>();
  private tried = 0;

  /** The next write's number. */
  get next(): number {
    return this.tried + 1;
  }

  get dots(): number {
    return this.byDot.size;
  }

  /** Takes the lines of one process, from its start to its death. */
  take(lines: readonly Line[]): void {
    this.counts.kills += 1;
    if (!lines.some((line) => "held" in line)) this.counts.killedInStart += 1;
    for (const line of lines) {
      if ("held" in line) this.judge(line.held, line.movedAside);
      else if ("said" in line) this.note(line.said);
      else if ("trying" in line) this.tried = line.trying;
      else this.acknowledge(line.acknowledged);
    }
  }

  private acknowledge(at: number): void {
    this.counts.acknowledged += 1;
    this.latest.set(keyAt(at), at);
    if (!isDurable(at)) return;
    this.counts.acknowledgedDurable += 1;
    // One sync keeps all that this node wrote before.
    for (const [key, one] of this.latest) this.durable.set(key, one);
  }

  private note({ dot, hash }: Said): void {
    const known = this.byDot.get(dot);
    if (known !== undefined && known !== hash) this.violations.push(`dot ${dot} said twice`);
    this.byDot.set(dot, hash);
  }

  private judge(held: readonly Said[], movedAside: string | null): void {
    if (movedAside !== null) this.violations.push(`a damaged file after kill ${this.counts.kills}`);
    const found = new Map(held.map((one) => [one.key, one]));
    for (const one of held) {
      if (!this.byDot.has(one.dot)) this.counts.heldUnsaid += 1;
      this.note(one);
    }
    for (const [key, at] of this.durable) {
      if (!this.holds(key, at, found.get(key))) {
        this.violations.push(`${key}: write ${at} was durable, held is ${found.get(key)?.at}`);
      }
    }
    for (const [key, at] of this.latest) {
      const is = found.get(key);
      if (this.holds(key, at, is)) continue;
      this.counts.ordinaryLost += 1;
      // What was lost is lost: a later sync does not keep it.
      if (is?.at === undefined) this.latest.delete(key);
      else this.latest.set(key, is.at);
    }
  }

  /** Whether a key stands at write `at` or at one that was tried after it. */
  private holds(key: string, at: number, found: Said | undefined): boolean {
    if (found?.at !== undefined) return found.at >= at;
    for (let later = at; later <= this.tried; later++) {
      if (keyAt(later) === key && takesBack(later)) return true;
    }
    return false;
  }
}
