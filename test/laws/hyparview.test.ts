import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { addressOf, type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Effect } from "../../src/overlay/effects.ts";
import { Hyparview } from "../../src/overlay/hyparview.ts";
import type { Message, Peer } from "../../src/overlay/messages.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";

const PEERS: readonly Peer[] = Array.from({ length: 14 }, (_, at) => ({
  id: nodeIdOfKey(new Uint8Array(32).fill(at + 1)),
  addresses: [addressOf(`10.0.0.${at + 1}`, 7946)],
}));
const ME = PEERS[0] as Peer;
const PARAMETERS = { ...DEFAULT_PARAMETERS, activeMax: 3, passiveMax: 5 };

type Event =
  | { readonly type: "link-up" | "link-down" | "dial-failed" | "hint"; readonly peer: Peer }
  | { readonly type: "message"; readonly peer: Peer; readonly message: Message }
  | { readonly type: "wake"; readonly spanMs: number; readonly silent: readonly Peer[] }
  | { readonly type: "stop" };

/** Any peer, this node itself among them: a message may name whom it likes. */
const anyone = fc.constantFrom(...PEERS);
/** Whom a link may be open to. */
const other = fc.constantFrom(...PEERS.slice(1));
const peers = fc.array(anyone, { maxLength: 8 });
const ttl = fc.nat(1_000);
const addresses = fc.constant(ME.addresses);

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant("join" as const), addresses }),
  fc.record({ type: fc.constant("forward-join" as const), joiner: anyone, ttl }),
  fc.record({
    type: fc.constant("neighbor" as const),
    priority: fc.constantFrom("high" as const, "low" as const),
    addresses,
  }),
  fc.record({
    type: fc.constant("neighbor-reply" as const),
    answer: fc.constantFrom("accepted" as const, "refused" as const),
    contacts: peers,
  }),
  fc.record({ type: fc.constant("disconnect" as const), contacts: peers }),
  fc.record({ type: fc.constant("shuffle" as const), origin: anyone, ttl, peers }),
  fc.record({ type: fc.constant("shuffle-reply" as const), peers }),
  fc.record({ type: fc.constant("ping" as const), nonce: fc.nat(20) }),
  fc.record({ type: fc.constant("pong" as const), nonce: fc.nat(20) }),
  fc.constant<Message>({ type: "prune" }),
);

const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constantFrom("link-up" as const, "link-up" as const, "link-down" as const),
      peer: other,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constantFrom("dial-failed" as const, "hint" as const),
      peer: anyone,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ type: fc.constant("message" as const), peer: anyone, message }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant("wake" as const),
      spanMs: fc.nat(20_000),
      silent: peers,
    }),
  },
);

/** One Hyparview and what a shell knows of it: its links, the time, who is told to be up. */
class Bench {
  readonly core: Hyparview;
  readonly links = new Set<NodeId>();
  readonly up = new Set<NodeId>();
  private nowMs = 0;

  constructor(seed: number) {
    const random = new SeededRandom(seed);
    this.core = new Hyparview(ME.id, () => ME.addresses, PARAMETERS, random);
  }

  step(next: Event): void {
    // The event's own link counts while its effects are performed.
    if (next.type === "link-up") this.links.add(next.peer.id);
    if (next.type === "link-down") this.links.delete(next.peer.id);
    const effects = this.handle(next);
    for (const effect of effects) this.perform(effect);
    this.check();
  }

  private handle(next: Event): readonly Effect[] {
    const { core, nowMs } = this;
    if (next.type === "stop") return core.stop();
    if (next.type === "wake") {
      this.nowMs += next.spanMs;
      return core.wake(this.nowMs, () => next.silent.map(({ id }) => id));
    }
    if (next.type === "message") return core.message(next.peer.id, next.message, nowMs);
    if (next.type === "link-up") return core.linkUp(next.peer, nowMs);
    if (next.type === "link-down") return core.linkDown(next.peer.id, nowMs);
    if (next.type === "dial-failed") return core.dialFailed(next.peer.id, nowMs);
    return core.hint(next.peer, nowMs);
  }

  private perform(effect: Effect): void {
    if (effect.type === "send") {
      assert.ok(this.links.has(effect.to), `${effect.message.type} to a peer without a link`);
      checkTtl(effect.message);
    }
    if (effect.type === "dial") {
      assert.notEqual(effect.peer.id, ME.id, "dials itself");
      assert.ok(!this.links.has(effect.peer.id), "dials a peer that has a link");
    }
    if (effect.type === "close") assert.ok(this.links.has(effect.peer), "closes no link");
    if (effect.type === "neighbor-up") {
      assert.ok(!this.up.has(effect.peer), "up twice");
      this.up.add(effect.peer);
    }
    if (effect.type === "neighbor-down") assert.ok(this.up.delete(effect.peer), "down twice");
  }

  private check(): void {
    const { active, passive } = this.core.views;
    assert.ok(!active.has(ME.id) && !passive.has(ME.id), "itself in a view");
    for (const id of active.keys()) {
      assert.ok(!passive.has(id), "in both views");
      assert.ok(this.links.has(id), "active without a link");
    }
    assert.ok(active.size <= PARAMETERS.activeMax, "active over its limit");
    assert.ok(passive.size <= PARAMETERS.passiveMax, "passive over its limit");
    assert.deepEqual([...this.up].sort(), [...active.keys()].sort(), "told what is active");
    assert.ok(Number.isFinite(this.core.wakeAtMs()), "wants to be woken");
  }
}

function checkTtl(sent: Message): void {
  if (sent.type === "forward-join") assert.ok(sent.ttl <= PARAMETERS.activeWalkLength, "long walk");
  if (sent.type === "shuffle") assert.ok(sent.ttl <= PARAMETERS.shuffleTtl, "long shuffle");
  if ("ttl" in sent) assert.ok(sent.ttl >= 0, "a walk of less than nothing");
}

test("whatever happens, the views keep their rules and nothing goes to an unlinked peer", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.array(event, { minLength: 100, maxLength: 160, size: "max" }),
      (seed, events) => {
        const bench = new Bench(seed);
        for (const next of events) bench.step(next);
        bench.step({ type: "stop" });
        assert.equal(bench.core.views.active.size, 0);
      },
    ),
    { numRuns: 400 },
  );
});

test("a message from a peer without a link changes nothing", () => {
  fc.assert(
    fc.property(fc.nat(), fc.array(fc.tuple(other, message)), (seed, said) => {
      const bench = new Bench(seed);
      for (const [peer, what] of said) bench.step({ type: "message", peer, message: what });
      assert.equal(bench.core.views.active.size + bench.core.views.passive.size, 0);
    }),
  );
});
