import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { Counters } from "../../node/counters.ts";
import type { EdgeNotes } from "../../node/edge-notes.ts";
import { rendezvous } from "../../office/rendezvous.ts";
import { pauseMs } from "../delivery.ts";
import type { ChatService, Question } from "./service.ts";

/** The next in turn answers where the one before has not taken it on by then. A guess. */
const TURN_MS = 2 * SECOND_MS;
/** So that two who take on a question at once learn of each other. A few times a link's delay. */
const MEET_MS = 300;
/** Who took on a question and has not said so again for so long is gone. */
const TAKEN_MS_MAX = 5 * SECOND_MS;
const RETAKE_MS = 1.5 * SECOND_MS;
/** A later answer would be of no use. A guess. */
const QUESTION_MS_MAX = 5 * MINUTE_MS;
/** Slack gives a message out again for the last time after 5 minutes. */
const ANSWERED_MS = 10 * MINUTE_MS;
/** Questions open at once, and answers remembered. Guesses: many more than an office asks. */
const OPEN_COUNT_MAX = 64;
const ANSWERED_COUNT_MAX = 128;

export interface AnswererParts {
  readonly notes: EdgeNotes;
  readonly timers: Timers;
  readonly counters: Counters;
  readonly now: () => Millis;
  /** A number in [0, 1). */
  readonly chance: () => number;
  /** The answer, as it is to be posted. */
  readonly answer: (question: string) => string;
}

interface Open {
  readonly id: string;
  readonly service: ChatService;
  question: Question;
  readonly heardMs: Millis;
  state: "waiting" | "taken" | "posting";
  failures: number;
  cancel: () => void;
}

/**
 * Answers what is asked in chats, one node of the mesh each question.
 *
 * A question falls to the nodes in an order of its own (rendezvous hashing); each waits its turn,
 * says that it takes the question on, and posts. What a node took on falls to the next when that
 * node is not heard of any more. Two halves of a cut mesh may answer once each.
 */
export class Answerer {
  private readonly open = new Map<string, Open>();

  constructor(private readonly parts: AnswererParts) {}

  start(): void {
    const { notes } = this.parts;
    // A former process of this node answers nothing any more.
    for (const { id, state } of notes.ownAnswering()) if (state === "taken") notes.unanswer(id);
    notes.every(RETAKE_MS, () => this.tend());
  }

  stop(): void {
    for (const { cancel, id, state } of this.open.values()) {
      cancel();
      if (state === "taken") this.parts.notes.unanswer(id);
    }
    this.open.clear();
  }

  hear(service: ChatService, question: Question): void {
    const { notes, now, counters } = this.parts;
    const id = notes.idOf(service.name, service.id() ?? "", question.message);
    const known = this.open.get(id);
    if (known !== undefined) {
      known.question = question;
      return;
    }
    if (notes.answering(id).some(({ state }) => state === "answered")) return question.done();
    if (this.open.size >= OPEN_COUNT_MAX) {
      counters.trouble(`too many questions in ${service.name}`, "some get no answer");
      return question.done();
    }
    const heardMs = now();
    const state = "waiting";
    const one: Open = { id, service, question, heardMs, state, failures: 0, cancel: () => {} };
    this.open.set(id, one);
    const turn = question.heardBy === "one" ? 0 : this.turnOf(one);
    this.later(one, turn * TURN_MS);
  }

  private turnOf({ id, service }: Open): number {
    const { notes } = this.parts;
    const able = notes.able(service.id() ?? "");
    const order = rendezvous(id, able, (bytes) => notes.hash(bytes));
    const turn = order.indexOf(notes.self);
    return turn < 0 ? order.length : turn;
  }

  private later(one: Open, spanMs: Millis): void {
    one.cancel();
    one.cancel = this.parts.timers.set(spanMs, () => this.step(one));
  }

  private step(one: Open): void {
    const { notes, now } = this.parts;
    const others = notes.answering(one.id).filter(({ by }) => by !== notes.self);
    if (others.some(({ state }) => state === "answered")) return this.close(one, "by another");
    if (now() - one.heardMs > QUESTION_MS_MAX) return this.close(one, "too late");
    const taking = others.filter(({ ageMs }) => ageMs < TAKEN_MS_MAX).map(({ by }) => by);
    const first = rendezvous(one.id, [notes.self, ...taking], (bytes) => notes.hash(bytes))[0];
    if (taking.length > 0 && (one.state === "waiting" || first !== notes.self)) {
      if (one.state === "taken") notes.unanswer(one.id);
      one.state = "waiting";
      return this.later(one, SECOND_MS);
    }
    if (one.state === "waiting") {
      one.state = "taken";
      notes.answer(one.id, "taken");
      return this.later(one, MEET_MS);
    }
    void this.post(one);
  }

  private async post(one: Open): Promise<void> {
    const { counters, chance, answer, notes } = this.parts;
    const { service, question } = one;
    one.state = "posting";
    const { channel, thread } = question;
    const text = answer(question.text);
    const posted = await service.post({
      channel,
      text,
      ...(thread === undefined ? {} : { thread }),
    });
    counters.add("watercooler_chat_answers_total", posted.outcome);
    if (!this.open.has(one.id)) return;
    if (posted.outcome !== "later") {
      if (posted.outcome === "refused") {
        counters.trouble(`${service.name} refuses an answer`, posted.reason);
      }
      notes.answer(one.id, "answered");
      return this.close(one, "here");
    }
    counters.trouble(`an answer in ${service.name} has to wait`, posted.reason);
    one.state = "taken";
    one.failures += 1;
    this.later(one, Math.max(posted.afterMs ?? 0, pauseMs(one.failures, chance())));
  }

  private close(one: Open, how: "here" | "by another" | "too late"): void {
    if (how !== "here" && one.state !== "waiting") this.parts.notes.unanswer(one.id);
    one.cancel();
    one.question.done();
    this.open.delete(one.id);
  }

  /** Says again what it still sees to, and forgets what was answered long ago. */
  private tend(): void {
    const { notes } = this.parts;
    for (const { id, state } of this.open.values()) {
      if (state !== "waiting") notes.answer(id, "taken");
    }
    const own = notes.ownAnswering().filter(({ id }) => !this.open.has(id));
    const tooMany = Math.max(0, own.length - ANSWERED_COUNT_MAX);
    for (const [at, { id, ageMs }] of own.entries()) {
      if (at < tooMany || ageMs > ANSWERED_MS) notes.unanswer(id);
    }
  }
}
