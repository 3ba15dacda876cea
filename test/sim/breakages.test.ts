import assert from "node:assert/strict";
import test from "node:test";
import type { NodeId } from "../../src/base/id.ts";
import { Persistence } from "../../src/node/persistence.ts";
import type { Effect } from "../../src/overlay/effects.ts";
import { Hyparview } from "../../src/overlay/hyparview.ts";
import type { Message, Peer } from "../../src/overlay/messages.ts";
import { Plumtree } from "../../src/overlay/plumtree.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { OriginState, rowName } from "../../src/replica/origin-state.ts";
import { Writer } from "../../src/replica/writer.ts";
import { drawPlan } from "../../src/sim/draw.ts";
import { planDice, runPlan } from "../../src/sim/run-plan.ts";
import { SCENARIOS } from "../../src/sim/scenarios/all.ts";
import { shrink } from "../../src/sim/shrink.ts";

const SEEDS = 12;
/** Scenarios that take seconds. */
const LONG = ["a-quiet-hour", "everybody-off-for-a-day", "a-member-floods-keys"];

/** Replaces a method of the core for as long as `body` runs. */
function broken<T>(
  prototype: object,
  method: string,
  replace: (original: (...args: never[]) => unknown) => (...args: never[]) => unknown,
  body: () => T,
): T {
  const original = Reflect.get(prototype, method) as (...args: never[]) => unknown;
  Reflect.set(prototype, method, replace(original));
  try {
    return body();
  } finally {
    Reflect.set(prototype, method, original);
  }
}

/** The first scenario or seed that notices, or undefined. */
function noticedBy(): string | undefined {
  for (const { name, run } of SCENARIOS) {
    // These are left to the other tests.
    if (LONG.includes(name)) continue;
    try {
      run({ seed: 1 });
    } catch {
      return `scenario ${name}`;
    }
  }
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { violation } = runPlan(drawPlan(planDice(seed), seed));
    if (violation !== undefined) return `seed ${seed}: ${violation.invariant}`;
  }
  return undefined;
}

function caught(
  name: string,
  prototype: object,
  method: string,
  replace: (original: (...args: never[]) => unknown) => (...args: never[]) => unknown,
): void {
  test(`caught: ${name}`, (context) => {
    const by = broken(prototype, method, replace, noticedBy);
    assert.notEqual(by, undefined, "nothing noticed");
    context.diagnostic(`noticed by ${by}`);
  });
}

/** A ping from somebody who is not our neighbour is answered and nothing is mended. */
caught(
  "the symmetry repair is dropped",
  Hyparview.prototype,
  "onPing",
  () =>
    function (this: Hyparview, peer: Peer, nonce: number, nowMs: number) {
      const send = Reflect.get(this, "send") as (to: Peer, message: object, nowMs: number) => void;
      send.call(this, peer, { type: "pong", nonce }, nowMs);
    },
);

/** What was announced is never asked for. */
caught(
  "the GRAFT timer is skipped",
  Plumtree.prototype,
  "wake",
  (original) =>
    function (this: Plumtree, ...args: never[]) {
      const effects = original.apply(this, args) as readonly Effect[];
      return effects.filter(({ type, ...rest }) => {
        const message = "message" in rest ? (rest.message as { type: string }) : undefined;
        return type !== "send" || message?.type !== "graft";
      });
    },
);

/** An entry that comes late takes the place of a newer one. */
caught(
  "an older dot is accepted",
  OriginState.prototype,
  "join",
  (original) =>
    function (this: OriginState, ...args: never[]) {
      const [entry, heardMs] = args as unknown as [Entry, number];
      const name = rowName(entry.key, entry.dot.incarnation);
      const newer = (this.rows.get(name)?.entry.dot.seq ?? 0) > entry.dot.seq;
      const placement = original.apply(this, args);
      if (!newer || placement === "known") return placement;
      this.rows.set(name, { name, entry, heardMs });
      this.held.set(entry.key, { name, entry, heardMs });
      return "changed";
    },
);

/** A process does not know that its identity has lived before. */
caught("the incarnation is forgotten at restart", Writer.prototype, "highestOwn", () => () => 0);

/** Whoever replies is a neighbour, with or without a link, dead or alive. */
caught(
  "a late NEIGHBOR reply revives the dead",
  Hyparview.prototype,
  "message",
  (original) =>
    function (this: Hyparview, ...args: never[]) {
      const [id, message, nowMs] = args as unknown as [NodeId, Message, number];
      const peer = this.remembered.get(id);
      const isReply = message.type === "neighbor-reply" && message.answer === "accepted";
      if (!isReply || peer === undefined || !this.views.hasRoom) return original.apply(this, args);
      const enter = Reflect.get(this, "enter") as (peer: Peer, by: string, nowMs: number) => void;
      enter.call(this, peer, "self", nowMs);
      return original.apply(this, args);
    },
);

/** What a person set is said to be kept before it is on the card. */
caught(
  "an acknowledgement does not wait for the card",
  Persistence.prototype,
  "flush",
  (original) =>
    function (this: Persistence, ...args: never[]) {
      const durability = (args as unknown[])[1];
      return durability === "durable" ? { ok: true, value: undefined } : original.apply(this, args);
    },
);

test("a failure is shrunk to the faults that it needs, and says so in its replay", () => {
  const found = broken(
    Writer.prototype,
    "highestOwn",
    () => () => 0,
    () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const verdict = runPlan(drawPlan(planDice(seed), seed));
        if (verdict.violation !== undefined) return { verdict, needed: shrink(verdict) };
      }
      return undefined;
    },
  );
  assert.ok(found !== undefined);
  assert.ok(found.needed.length < found.verdict.plan.faults.length);
});
