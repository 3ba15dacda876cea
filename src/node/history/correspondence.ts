import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import type { NodeId } from "../../base/id.ts";
import { type Clock, type Millis, SECOND_MS } from "../../base/time.ts";
import {
  type AskLetter,
  decodeLetter,
  encodeLetter,
  type GiveLetter,
} from "../../history/letters.ts";
import type { Peer } from "../../overlay/messages.ts";
import type { Counters } from "../counters.ts";
import type { Node } from "../node.ts";
import type { Library } from "./library.ts";

/** A peer that has not answered by then is asked no more of this. A guess: a Pi under load. */
const ANSWER_MS_MAX = 5 * SECOND_MS;
/** Questions of one peer: so many at once, and so many a second after that. Guesses. */
const QUESTIONS_AT_ONCE = 64;
const QUESTIONS_PER_SECOND = 16;
const PEERS_MAX = 1_024;

export type Question = Omit<AskLetter, "type" | "nonce">;

interface Waiting {
  readonly peer: NodeId;
  answered(letter: GiveLetter | undefined): void;
}

interface Allowance {
  left: number;
  atMs: Millis;
}

export interface CorrespondenceParts {
  readonly node: Node;
  readonly library: Library;
  readonly counters: Counters;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Asks peers for past readings, and answers them. */
export class Correspondence {
  private readonly waiting = new Map<number, Waiting>();
  private readonly allowances = new Map<NodeId, Allowance>();
  private nonce = 0;

  constructor(private readonly parts: CorrespondenceParts) {
    parts.node.onLetter((from, letter) => this.take(from, letter));
  }

  /** Undefined where no answer comes. */
  ask(peer: Peer, question: Question): Promise<GiveLetter | undefined> {
    this.nonce += 1;
    const { nonce } = this;
    return new Promise((resolve) => {
      const answered = (letter: GiveLetter | undefined) => {
        this.waiting.delete(nonce);
        cancel();
        resolve(letter);
      };
      const cancel = this.parts.timers.set(ANSWER_MS_MAX, () => answered(undefined));
      this.waiting.set(nonce, { peer: peer.id, answered });
      this.parts.node.post(peer, encodeLetter({ type: "ask", nonce, ...question }));
    });
  }

  private take(from: NodeId, raw: Uint8Array): void {
    const { counters, library, node } = this.parts;
    const decoded = decodeLetter(raw);
    if (!decoded.ok) {
      counters.add("watercooler_frames_rejected_total", "malformed");
      return counters.trouble("a malformed letter", decoded.error);
    }
    const letter = decoded.value;
    if (letter?.type === "give") {
      const waiting = this.waiting.get(letter.nonce);
      if (waiting?.peer === from) waiting.answered(letter);
    } else if (letter?.type === "ask" && this.mayAsk(from)) {
      node.post({ id: from, addresses: [] }, encodeLetter(library.answer(letter)));
    }
  }

  private mayAsk(peer: NodeId): boolean {
    const nowMs = this.parts.clock.monotonicMs();
    const known = this.allowances.get(peer) ?? { left: QUESTIONS_AT_ONCE, atMs: nowMs };
    const earned = ((nowMs - known.atMs) / SECOND_MS) * QUESTIONS_PER_SECOND;
    const left = Math.min(QUESTIONS_AT_ONCE, known.left + earned);
    if (this.allowances.size >= PEERS_MAX) this.allowances.clear();
    this.allowances.set(peer, { left: Math.max(0, left - 1), atMs: nowMs });
    return left >= 1;
  }
}
