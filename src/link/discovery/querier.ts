import type { Answer } from "dns-packet";
import { jittered, sample } from "../../base/random.ts";
import { type Millis, SECOND_MS } from "../../base/time.ts";
import type { KnownInstance } from "./hint-book.ts";
import { knownAnswer, lower, SERVICE } from "./records.ts";
import type { SegmentParts } from "./responder.ts";
import type { Incoming } from "./socket.ts";

/** The first question waits a little, so that a whole office may start at once (section 5.2). */
const FIRST_MS = [20, 120] as const;
/** Pause before the second question; it doubles up to the last (RFC 6762, section 5.2). */
export const QUERY_MS_FIRST = 1 * SECOND_MS;
/** With its jitter half of a record's life: who was asked too early is asked again in time. */
export const QUERY_MS_LAST = 46 * SECOND_MS;
const JITTER = 0.3;
/**
 * Known answers in one packet: each takes 77 bytes (the library does not compress names), and 15
 * with the question stay under 1232 bytes, which IPv6's smallest link carries whole.
 */
export const KNOWN_PER_PACKET = 15;
/** Packets that one question may take; who is left out of them merely answers. A guess. */
const PACKETS_MAX = 4;
/** Known answers that belong to a truncated question come within this (RFC 6762, section 7.2). */
const MORE_MS = 500;
/** So long after we asked, a question may be our own that comes back. A guess. */
const ECHO_MS = 500;
/**
 * So long others may ask for us: someone who only pretends to is found out. A guess, wide enough
 * that a whole office does not do it at once.
 */
const STAND_MS_MAX = [8 * QUERY_MS_LAST, 16 * QUERY_MS_LAST] as const;
/** The truncated bit (RFC 1035, section 4.1.1). */
const FLAG_TRUNCATED = 1 << 9;

/** Who is known on the segment, and for how many seconds more. */
export type Known = () => readonly KnownInstance[];

/** Another's question that stands for ours, as long as no more known answers say otherwise. */
interface Stand {
  readonly source: string;
  readonly heardMs: Millis;
  /** When ours would have been sent. */
  readonly dueMs: Millis;
  readonly pauseMs: Millis;
}

/** Asks one segment for nodes, ever more seldom; of many nodes one asks for all. */
export class Querier {
  private cancel: () => void = () => {};
  private pauseMs: Millis = QUERY_MS_FIRST;
  private dueMs: Millis = 0;
  private stand: Stand | undefined;
  /** From then on no other's question stands for ours. */
  private ownTurnMs: Millis | undefined;
  private askedMs: Millis = Number.NEGATIVE_INFINITY;

  /** `own` is this node's instance, which it knows without being told. */
  constructor(
    private readonly parts: SegmentParts,
    private readonly own: string,
    private readonly known: Known,
  ) {}

  /** Asks soon, and starts over with short pauses. */
  begin(): void {
    const [soonMs, lateMs] = FIRST_MS;
    this.pauseMs = QUERY_MS_FIRST;
    this.ownTurnMs ??= this.drawOwnTurn();
    this.askAfter(soonMs + this.parts.random.next() * (lateMs - soonMs));
  }

  /**
   * Another's question counts as ours where it leaves out no more than ours would: its answers
   * serve us too (RFC 6762, section 7.3). Without this the questions of a large office, which list
   * everybody, would grow with the square of it.
   */
  onQuery({ questions = [], answers = [] }: Incoming, source: string): void {
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.askedMs < ECHO_MS) return;
    if (questions.some(({ name, type }) => type === "PTR" && lower(name) === SERVICE)) {
      if (nowMs >= (this.ownTurnMs ?? nowMs) || !this.isCovered(answers)) return;
      this.stand = { source, heardMs: nowMs, dueMs: this.dueMs, pauseMs: this.pauseMs };
      this.askLater();
      return;
    }
    const { stand } = this;
    const isMore = stand?.source === source && nowMs - stand.heardMs < MORE_MS;
    if (!isMore || questions.length > 0 || this.isCovered(answers)) return;
    this.stand = undefined;
    this.pauseMs = stand.pauseMs;
    this.askAfter(Math.max(0, stand.dueMs - nowMs));
  }

  close(): void {
    this.cancel();
  }

  private drawOwnTurn(): Millis {
    const [soonMs, lateMs] = STAND_MS_MAX;
    const { clock, random } = this.parts;
    return clock.monotonicMs() + soonMs + random.next() * (lateMs - soonMs);
  }

  private isCovered(answers: readonly Answer[]): boolean {
    const known = new Set([this.own, ...this.known().map(({ instance }) => instance)]);
    return answers.every((answer) => answer.type !== "PTR" || known.has(lower(answer.data)));
  }

  private askAfter(afterMs: Millis): void {
    const { clock, timers } = this.parts;
    this.cancel();
    this.dueMs = clock.monotonicMs() + afterMs;
    this.cancel = timers.set(afterMs, () => this.ask());
  }

  private askLater(): void {
    this.askAfter(jittered(this.parts.random, this.pauseMs, JITTER));
    this.pauseMs = Math.min(QUERY_MS_LAST, this.pauseMs * 2);
  }

  private ask(): void {
    const { clock, random, budget, complaints } = this.parts;
    const known = sample(random, this.known(), PACKETS_MAX * KNOWN_PER_PACKET);
    const packets = Math.max(1, Math.ceil(known.length / KNOWN_PER_PACKET));
    const granted = budget.take(clock.monotonicMs(), packets);
    this.stand = undefined;
    this.askedMs = clock.monotonicMs();
    this.ownTurnMs = this.drawOwnTurn();
    this.askLater();
    if (granted === 0) return complaints.add("over-budget", "a question waits");
    this.sendQuestion(known.slice(0, granted * KNOWN_PER_PACKET), granted);
  }

  private sendQuestion(known: ReturnType<Known>, packets: number): void {
    const { wire, complaints } = this.parts;
    for (let at = 0; at < packets; at++) {
      const from = at * KNOWN_PER_PACKET;
      const part = known.slice(from, from + KNOWN_PER_PACKET);
      const answers = part.map(({ instance, ttlS }) => knownAnswer(instance, ttlS));
      const flags = at < packets - 1 ? FLAG_TRUNCATED : 0;
      const questions = at === 0 ? [{ name: SERVICE, type: "PTR" as const }] : [];
      wire.send({ type: "query", flags, questions, answers }, (error) => {
        if (error !== undefined) complaints.add("unsent", error.message);
      });
    }
  }
}
