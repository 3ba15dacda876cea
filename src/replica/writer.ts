import type { NodeId } from "../base/id.ts";
import type { Random } from "../base/random.ts";
import type { Millis } from "../base/time.ts";
import { BIRTH_KEY, type Birth, decodeBirth, encodeBirth, nextIncarnation } from "./birth.ts";
import { compareDots, type Dot, type Entry, NO_DOT } from "./entry.ts";
import type { EntryCodec } from "./entry-codec.ts";
import { birthIn, latestSaid } from "./first-said.ts";
import { rowName } from "./origin-state.ts";
import type { Replica } from "./replica.ts";

/** Keys taken back are dropped by a new life once there are this many of them. A guess. */
export const RETRACTED_MAX = 64;

export interface WriterOptions {
  readonly self: NodeId;
  readonly credential: Uint8Array;
  /** Random for this start of the process. */
  readonly boot: string;
  /** True where the data folder was made on another machine. */
  readonly moved: boolean;
  readonly random: Random;
  readonly codec: EntryCodec;
  sign(body: Uint8Array): Uint8Array;
  /**
   * Called for each value carried over from a former process: gives it as it is to be said
   * again (a reading marked as old), or undefined to let it go.
   */
  carry(key: string, value: Uint8Array): Uint8Array | undefined;
  /** How a value is said again that was said so long ago, where it tells its own age. */
  aged?(key: string, value: Uint8Array, ageMs: Millis): Uint8Array;
  /** The highest incarnation that was ever reserved, by any process on this data. */
  readonly reserved: number;
  /** Makes an incarnation last, before any entry of it exists. */
  reserve(incarnation: number): void;
}

/** What an entry of this node's own identity that it did not write now means. */
export type Foreign = "none" | "former-life" | "twin";

/** A former life that replaced what was said before it up to a dot. */
interface Burial {
  readonly incarnation: number;
  /** How many entries it began with. */
  readonly base: number;
  readonly upTo: Dot;
}

/**
 * The only place where a node's own entries are made.
 *
 * A life starts with a birth and all live keys written again. Hearing of a life of its own
 * identity that it did not know, the node takes what it once wrote into what it has and starts a
 * life above. A life that answers one begun by this very process can only come from a second
 * process with the same key: a twin.
 */
export class Writer {
  private incarnation = 0;
  private seq = 0;
  private readonly minted = new Set<number>();
  /** Keys written by this process; these win over whatever a former life said. */
  private readonly written = new Set<string>();
  /**
   * What this process says now. Kept apart from the replica, where a life that another process
   * began in good faith may have replaced it unheard.
   */
  private readonly live = new Map<string, Uint8Array>();
  private twinMet = false;
  /** Under which dot a carried-over key was first said, at the latest. */
  private carried = new Map<string, Dot>();
  /** Entries of former lives that were not known when this life began, by key and life. */
  private readonly former = new Map<string, Entry>();
  private readonly births = new Map<number, Birth>();
  private buried: Burial = { incarnation: 0, base: 0, upTo: NO_DOT };

  constructor(
    private readonly replica: Replica,
    private readonly options: WriterOptions,
  ) {}

  /** Starts this process's first life. Gives the entries to spread. */
  begin(nowMs: Millis, wallMs: Millis): readonly Entry[] {
    const { self, carry } = this.options;
    const state = this.replica.state(self);
    const rows = [...(state?.rows.values() ?? [])].map(({ entry }) => entry);
    for (const { stamp } of rows) this.replica.clock.witness(stamp, stamp.wallMs);
    const values = new Map<string, Uint8Array>();
    for (const [key, { entry, dot }] of latestSaid(rows, (life) => birthIn(state, life))) {
      const value = entry.value && carry(key, entry.value);
      if (value === undefined) continue;
      values.set(key, value);
      this.carried.set(key, dot);
    }
    const supersedes = state?.position() ?? NO_DOT;
    return this.startLife(values, 0, supersedes, nowMs, wallMs);
  }

  /** Writes a value under a key, or takes the key back. Gives the entries to spread. */
  write(
    key: string,
    value: Uint8Array | undefined,
    nowMs: Millis,
    wallMs: Millis,
  ): readonly Entry[] {
    this.written.add(key);
    this.carried.delete(key);
    const entry = this.mint(key, value, nowMs, wallMs);
    if (value !== undefined || !this.tooManyRetracted()) return [entry];
    const values = new Map(this.live);
    return [entry, ...this.startLife(values, 0, this.position(), nowMs, wallMs)];
  }

  /** Starts a life that says the same, with this node's newest credential. */
  renew(nowMs: Millis, wallMs: Millis): readonly Entry[] {
    return this.startLife(new Map(this.live), 0, this.position(), nowMs, wallMs);
  }

  /** Looks at an entry under this node's identity that came from outside. */
  notice(entry: Entry): Foreign {
    if (this.minted.has(entry.dot.incarnation)) return "none";
    const birth = entry.key === BIRTH_KEY ? decodeBirth(entry.value) : undefined;
    if (birth !== undefined) this.births.set(entry.dot.incarnation, birth);
    if (birth !== undefined && birth.boot !== this.options.boot) {
      if (this.minted.has(birth.answers)) {
        this.twinMet = true;
        this.gather(entry);
        return "twin";
      }
      const { base, supersedes: upTo } = birth;
      if (compareDots(upTo, this.buried.upTo) > 0) {
        this.buried = { incarnation: entry.dot.incarnation, base, upTo };
      }
    }
    this.gather(entry);
    return "former-life";
  }

  /** Starts a life above the former ones that `notice` found. Gives the entries to spread. */
  answer(nowMs: Millis, wallMs: Millis): readonly Entry[] {
    const answered = highestDot([...this.former.values()].map(({ dot }) => dot));
    if (answered.incarnation === 0) return [];
    const values = new Map(this.live);
    for (const key of this.takenBack()) values.delete(key);
    const state = this.replica.state(this.options.self);
    const birthOf = (life: number) => this.births.get(life) ?? birthIn(state, life);
    for (const [key, { entry, dot }] of latestSaid(this.former.values(), birthOf)) {
      if (this.written.has(key)) continue;
      const carried = this.carried.get(key);
      if (carried !== undefined && compareDots(carried, dot) >= 0) continue;
      const value = entry.value && this.options.carry(key, entry.value);
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      this.carried.set(key, dot);
    }
    this.former.clear();
    this.births.clear();
    const supersedes = highestDot([answered, this.position()]);
    return this.startLife(values, answered.incarnation, supersedes, nowMs, wallMs);
  }

  /**
   * Starts this process's last life, before it leaves the identity to its twin: it says what this
   * process wrote and nobody may have heard of, and replaces nothing. Gives the entries to spread.
   */
  cede(nowMs: Millis, wallMs: Millis): readonly Entry[] {
    const answered = highestDot([...this.former.values()].map(({ dot }) => dot));
    const values = new Map([...this.live].filter(([key]) => this.written.has(key)));
    return this.startLife(values, answered.incarnation, NO_DOT, nowMs, wallMs);
  }

  /** The dot of the last write. */
  position(): Dot {
    return { incarnation: this.incarnation, seq: this.seq };
  }

  private startLife(
    values: ReadonlyMap<string, Uint8Array>,
    answers: number,
    supersedes: Dot,
    nowMs: Millis,
    wallMs: Millis,
  ): readonly Entry[] {
    const { self, random, credential, boot, moved, reserve } = this.options;
    const said = [...values].filter(([key]) => !this.replica.takesBack({ origin: self, key }));
    this.incarnation = nextIncarnation(this.highestOwn(), random.next());
    this.seq = 0;
    reserve(this.incarnation);
    this.minted.add(this.incarnation);
    const birth = encodeBirth({
      base: said.length + 1,
      supersedes,
      credential,
      boot,
      answers,
      moved: moved ? 1 : 0,
      twin: this.twinMet ? 1 : undefined,
    });
    this.live.clear();
    const entries = [this.mint(BIRTH_KEY, birth, nowMs, wallMs)];
    for (const [key, value] of said) {
      entries.push(this.mint(key, this.aged(key, value, nowMs), nowMs, wallMs));
    }
    return entries;
  }

  private aged(key: string, value: Uint8Array, nowMs: Millis): Uint8Array {
    const { self, aged } = this.options;
    const heardMs = this.replica.get(self, key)?.heardMs ?? nowMs;
    return aged?.(key, value, Math.max(0, nowMs - heardMs)) ?? value;
  }

  private mint(key: string, value: Uint8Array | undefined, nowMs: Millis, wallMs: Millis): Entry {
    const { self, codec, sign } = this.options;
    this.seq += 1;
    const dot = { incarnation: this.incarnation, seq: this.seq };
    const stamp = this.replica.tick(wallMs);
    const body = codec.encode({ origin: self, key, dot, stamp, value });
    const entry = { origin: self, key, dot, stamp, value, body, signature: sign(body) };
    this.replica.join(entry, nowMs, wallMs);
    if (value === undefined) this.live.delete(key);
    else if (key !== BIRTH_KEY) this.live.set(key, value);
    return entry;
  }

  private highestOwn(): number {
    const { self, reserved } = this.options;
    return Math.max(this.incarnation, reserved, this.replica.state(self)?.highest() ?? 0);
  }

  private gather(entry: Entry): void {
    const row = rowName(entry.key, entry.dot.incarnation);
    const known = this.former.get(row);
    if (known === undefined || known.dot.seq < entry.dot.seq) this.former.set(row, entry);
  }

  /** Keys carried over that a former life had replaced and, heard whole, no longer says. */
  private takenBack(): readonly string[] {
    const { incarnation, base, upTo } = this.buried;
    const heard = [...this.former.values()].filter(({ dot }) => dot.incarnation === incarnation);
    if (heard.length < base) return [];
    const said = new Set([...this.former.values()].map(({ key }) => key));
    return [...this.carried]
      .filter(([key, dot]) => compareDots(dot, upTo) <= 0 && !said.has(key))
      .map(([key]) => key);
  }

  private tooManyRetracted(): boolean {
    let retracted = 0;
    let live = 0;
    for (const { entry } of this.replica.state(this.options.self)?.held.values() ?? []) {
      if (entry.value === undefined) retracted += 1;
      else live += 1;
    }
    return retracted > Math.max(RETRACTED_MAX, live);
  }
}

function highestDot(dots: readonly Dot[]): Dot {
  return dots.reduce((high, dot) => (compareDots(dot, high) > 0 ? dot : high), NO_DOT);
}
