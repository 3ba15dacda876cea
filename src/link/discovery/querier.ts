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
export const QUERY_MS_LAST = 64 * SECOND_MS;
const JITTER = 0.3;
/**
 * Known answers in one packet: each takes 77 bytes (the library does not compress names), and 15
 * with the question stay under 1232 bytes, which IPv6's smallest link carries whole.
 */
export const KNOWN_PER_PACKET = 15;
/** Packets that one question may take; who is left out of them merely answers. A guess. */
const PACKETS_MAX = 4;
/** Another's question this long ago stands for ours (RFC 6762, section 7.3). A guess. */
const HEARD_MS = 500;
/** The truncated bit (RFC 1035, section 4.1.1). */
const FLAG_TRUNCATED = 1 << 9;

/** Who is known on the segment, and for how many seconds more. */
export type Known = () => readonly KnownInstance[];

/** Asks one segment for nodes, ever more seldom. */
export class Querier {
  private cancel: () => void = () => {};
  private pauseMs: Millis = QUERY_MS_FIRST;
  private heardMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly parts: SegmentParts,
    private readonly known: Known,
  ) {}

  /** Asks soon, and starts over with short pauses. */
  begin(): void {
    const [soonMs, lateMs] = FIRST_MS;
    this.pauseMs = QUERY_MS_FIRST;
    this.askAfter(soonMs + this.parts.random.next() * (lateMs - soonMs));
  }

  /** Another's question: where it leaves out no more than ours would, its answers serve us too. */
  onQuery({ questions = [], answers = [], flag_tc = false }: Incoming): void {
    const isOurs = questions.some(({ name, type }) => type === "PTR" && lower(name) === SERVICE);
    if (!isOurs || flag_tc) return;
    const known = new Set(this.known().map(({ instance }) => instance));
    const isCovered = answers.every(
      (answer) => answer.type !== "PTR" || known.has(lower(answer.data)),
    );
    if (isCovered) this.heardMs = this.parts.clock.monotonicMs();
  }

  close(): void {
    this.cancel();
  }

  private askAfter(afterMs: Millis): void {
    this.cancel();
    this.cancel = this.parts.timers.set(afterMs, () => this.ask());
  }

  private ask(): void {
    const { clock, random, budget, complaints } = this.parts;
    const nowMs = clock.monotonicMs();
    const next = () => {
      this.askAfter(jittered(random, this.pauseMs, JITTER));
      this.pauseMs = Math.min(QUERY_MS_LAST, this.pauseMs * 2);
    };
    if (nowMs - this.heardMs < HEARD_MS) return next();
    const known = sample(random, this.known(), PACKETS_MAX * KNOWN_PER_PACKET);
    const packets = Math.max(1, Math.ceil(known.length / KNOWN_PER_PACKET));
    const granted = budget.take(nowMs, packets);
    if (granted === 0) {
      complaints.add("over-budget", "a question waits");
      return next();
    }
    this.sendQuestion(known.slice(0, granted * KNOWN_PER_PACKET), granted);
    next();
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
