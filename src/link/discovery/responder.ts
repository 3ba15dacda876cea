import type { Answer, Question } from "dns-packet";
import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { jittered, type Random } from "../../base/random.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Complaints } from "./complaints.ts";
import type { PacketBudget } from "./packet-budget.ts";
import { isSameRecord, lower, SERVICE, TTL_S, ttlOf } from "./records.ts";
import type { Incoming, Wire } from "./socket.ts";

/** Unsolicited announcements, a second apart (RFC 6762, section 8.3). */
const ANNOUNCEMENTS = 2;
const ANNOUNCE_MS = 1 * SECOND_MS;
/** An announcement that the network refuses is tried again after growing pauses up to this. */
const ANNOUNCE_MS_LAST = 64 * SECOND_MS;
/** Everybody answers a shared question, each a little later (RFC 6762, section 6). */
const ANSWER_MS = [20, 120] as const;
/** So long are more known answers waited for (RFC 6762, section 7.2). */
const ANSWER_MS_TRUNCATED = [400, 500] as const;
/** A record is not multicast again before this (RFC 6762, section 6). */
const SAID_AGAIN_MS = 1 * SECOND_MS;
/** Askers remembered at once. A guess; one answer serves all. */
const ASKERS_MAX = 64;

/** What responder and querier of one segment share. */
export interface SegmentParts {
  readonly wire: Wire;
  readonly budget: PacketBudget;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly complaints: Complaints;
}

interface Asker {
  readonly wanted: Set<Answer>;
  /** Whether it said that more known answers follow. */
  readonly goesOn: boolean;
}

/** Announces this node's records on one segment, answers questions and says goodbye. */
export class Responder {
  private readonly askers = new Map<string, Asker>();
  private cancelAnnounce: () => void = () => {};
  private cancelAnswer: (() => void) | undefined;
  private announceMs: Millis = ANNOUNCE_MS;
  private left = ANNOUNCEMENTS;
  private saidMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly records: readonly Answer[],
    private readonly parts: SegmentParts,
  ) {}

  /** Announces the records until the network took them twice. */
  announce(): void {
    this.cancelAnnounce();
    if (this.records.length === 0) return;
    this.say(this.records, (outcome) => {
      if (outcome === "sent") this.left -= 1;
      else this.announceMs = Math.min(ANNOUNCE_MS_LAST, this.announceMs * 2);
      if (this.left <= 0) return;
      const afterMs = jittered(this.parts.random, this.announceMs, 0.1);
      this.cancelAnnounce = this.parts.timers.set(afterMs, () => this.announce());
    });
  }

  /** A question that came in; `source` tells the askers apart. */
  onQuery({ questions = [], answers = [], flag_tc = false }: Incoming, source: string): void {
    const isKnown = (record: Answer) =>
      answers.some((known) => ttlOf(known) >= TTL_S / 2 && isSameRecord(known, record));
    const asked = this.records.filter((record) => questions.some((each) => asks(each, record)));
    const wanted = asked.filter((record) => !isKnown(record));
    const before = this.askers.get(source);
    if (before?.goesOn)
      for (const record of before.wanted) if (isKnown(record)) before.wanted.delete(record);
    if (wanted.length > 0) {
      if (before === undefined && this.askers.size >= ASKERS_MAX) return;
      const all = new Set([...(before?.wanted ?? []), ...wanted]);
      this.askers.set(source, { wanted: all, goesOn: flag_tc });
      const [soonMs, lateMs] = flag_tc ? ANSWER_MS_TRUNCATED : ANSWER_MS;
      this.answerAfter(soonMs, lateMs);
    } else if (before?.wanted.size === 0) this.askers.delete(source);
    if (this.askers.size === 0) this.callOff();
  }

  /** Somebody, maybe this node on another socket, said a record: it need not be said again. */
  onResponse({ answers = [] }: Incoming): void {
    if (this.askers.size === 0) return;
    for (const [source, { wanted }] of this.askers) {
      for (const record of wanted) {
        const isSaid = (said: Answer) => ttlOf(said) >= TTL_S && isSameRecord(said, record);
        if (answers.some(isSaid)) wanted.delete(record);
      }
      if (wanted.size === 0) this.askers.delete(source);
    }
    if (this.askers.size === 0) this.callOff();
  }

  /** Takes the records back (RFC 6762, section 10.1). `done` comes once, also on failure. */
  goodbye(done: () => void): void {
    this.close();
    if (this.records.length === 0) return done();
    const answers = this.records
      .filter(({ name }) => name === SERVICE || !lower(name).startsWith("_"))
      .map((record) => ({ ...record, ttl: 0 }) as Answer);
    // Outside the budget: it is the last packet, and spares the others vain dials.
    this.parts.wire.send({ type: "response", answers }, done);
  }

  /** Calls off whatever was planned. */
  close(): void {
    this.cancelAnnounce();
    this.askers.clear();
    this.callOff();
  }

  private answerAfter(soonMs: Millis, lateMs: Millis): void {
    if (this.cancelAnswer !== undefined) return;
    const { random, timers, clock } = this.parts;
    const restMs = Math.max(0, this.saidMs + SAID_AGAIN_MS - clock.monotonicMs());
    const afterMs = restMs + soonMs + random.next() * (lateMs - soonMs);
    this.cancelAnswer = timers.set(afterMs, () => {
      this.cancelAnswer = undefined;
      this.answer();
    });
  }

  private answer(): void {
    const wanted = new Set([...this.askers.values()].flatMap((asker) => [...asker.wanted]));
    const answers = this.records.filter((record) => wanted.has(record));
    this.say(answers, (outcome) => {
      if (outcome === "held") this.answerAfter(SECOND_MS, 2 * SECOND_MS);
      else this.askers.clear();
    });
  }

  private callOff(): void {
    this.cancelAnswer?.();
    this.cancelAnswer = undefined;
  }

  private say(answers: readonly Answer[], done: (outcome: "sent" | "unsent" | "held") => void) {
    const { budget, clock, wire, complaints } = this.parts;
    const nowMs = clock.monotonicMs();
    if (budget.take(nowMs) === 0) {
      complaints.add("over-budget", "an answer waits");
      return done("held");
    }
    this.saidMs = nowMs;
    // Whoever asks for instances next asks where they are (RFC 6763, section 12.1).
    const isList = answers.some(({ type, name }) => type === "PTR" && name === SERVICE);
    const additionals = isList
      ? this.records.filter((record) => record.type !== "PTR" && !answers.includes(record))
      : [];
    wire.send({ type: "response", answers: [...answers], additionals }, (error) => {
      if (error !== undefined) complaints.add("unsent", error.message);
      done(error === undefined ? "sent" : "unsent");
    });
  }
}

function asks({ name, type }: Question, record: Answer): boolean {
  if (lower(name) !== lower(record.name)) return false;
  return type === record.type || (type as string) === "ANY";
}
