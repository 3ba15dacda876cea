import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { ManualTimers } from "../../firmware-bridge/src/timers.ts";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { silentLog } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import { CloneWatch } from "../../src/node/clone-watch.ts";
import { OwnLives } from "../../src/node/own-lives.ts";
import { deltasFor, vectorOf } from "../../src/replica/sync.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simSign } from "../../src/sim/trust.ts";
import { codec, newReplica } from "./replica-bench.ts";

const CLONED = nodeIdOfKey(new Uint8Array(32).fill(7));
const KEYS = ["a", "b", "c", "d"];
const ROUNDS = 40;
const DELTA_BYTES = 100_000;
/** Longer than entries of a former life are gathered. */
const WAIT_MS = 400;

/** A replica that only listens, as of any other node. */
class Witness {
  readonly replica = newReplica();
  readonly clones = new CloneWatch(this.replica);
  hasLeft = false;

  pull(from: Witness, bytesMax: number): void {
    if (this.hasLeft || from.hasLeft) return;
    const { deltas } = deltasFor(from.replica, vectorOf(this.replica), bytesMax);
    for (const { origin, from: start, to, entries } of deltas) {
      for (const entry of entries) {
        const outcome = this.replica.join(entry, 0, 1_000);
        assert.equal(outcome.equivocation, false, "a dot was used twice");
        if (outcome.fresh || outcome.changed) this.hear(entry);
      }
      this.replica.cover(origin, start, to);
    }
  }

  values(): Record<string, string> {
    const pairs = [...this.replica.live()].map(({ entry }): [string, string] => [
      entry.key,
      new TextDecoder().decode(entry.value),
    ]);
    return Object.fromEntries(pairs.sort());
  }

  protected hear(_: Parameters<OwnLives["hear"]>[0]): void {}
}

/** One of the processes that use the identity. */
class Twin extends Witness {
  readonly lives: OwnLives;
  readonly wrote = new Map<string, string>();
  private readonly writer: Writer;

  constructor(
    at: number,
    random: SeededRandom,
    machine: "same" | "other",
    timers: ManualTimers,
    from: Witness,
  ) {
    super();
    for (const { origin, rows } of from.replica.origins()) {
      const coverage = from.replica.state(origin)?.coverage() ?? "";
      this.replica.restore(origin, coverage, [...rows.values()]);
    }
    const boot = `${at} ${random.next()}`;
    const moved = machine === "other";
    const clock = new ManualClock();
    this.writer = new Writer(this.replica, {
      self: CLONED,
      credential: utf8("member"),
      boot,
      moved,
      random,
      codec,
      sign: (body) => simSign(CLONED, body),
      carry: (_, value) => value,
      reserved: 0,
      reserve: () => {},
    });
    this.lives = new OwnLives({
      boot,
      moved,
      writer: this.writer,
      clock,
      timers,
      log: silentLog,
      announce: () => {},
      leave: () => {
        this.hasLeft = true;
      },
    });
    this.writer.begin(0, 1_000);
  }

  write(key: string, value: string): void {
    if (this.lives.isClone) return;
    this.writer.write(key, utf8(value), 0, 1_000);
    this.wrote.set(key, value);
  }

  protected override hear(entry: Parameters<OwnLives["hear"]>[0]): void {
    if (entry.origin === CLONED) this.lives.hear(entry);
  }
}

interface Step {
  readonly does: "write" | "tell" | "hear" | "wait" | "restart";
  readonly twin: number;
  readonly key: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom("write", "tell", "hear", "wait", "restart"),
  twin: fc.nat(1),
  key: fc.constantFrom(...KEYS),
});

test("two processes of one card: one gives way, all know, nothing written is lost", () => {
  fc.assert(
    fc.property(
      fc.nat(),
      fc.constantFrom("same", "other"),
      fc.array(step, { maxLength: 40 }),
      (seed, machine, steps) => {
        const timers = new ManualTimers(new ManualClock());
        const card = new Twin(0, new SeededRandom(seed), "same", timers, new Witness());
        for (const key of KEYS) card.write(key, `${key} from before`);
        const twins = [1, 2].map(
          (at) =>
            new Twin(at, new SeededRandom(seed + at), at === 2 ? machine : "same", timers, card),
        ) as [Twin, Twin];
        const [, second] = twins;
        const witnesses = [new Witness(), new Witness()] as const;
        for (const [at, { does, twin: which, key }] of steps.entries()) {
          const twin = twins[which] ?? second;
          if (does === "write") twin.write(key, `${key} at ${at}`);
          else if (does === "tell") witnesses[0].pull(twin, DELTA_BYTES);
          else if (does === "hear") twin.pull(witnesses[0], DELTA_BYTES);
          else if (does === "restart") {
            // The first one alone, from its own card: what it wrote is there.
            const { lives, wrote } = twins[0];
            if (lives.isClone) continue;
            lives.stop();
            const again = new Twin(at + 3, new SeededRandom(seed - at), "same", timers, twins[0]);
            for (const [name, value] of wrote) again.wrote.set(name, value);
            twins[0] = again;
          } else timers.advance(WAIT_MS);
        }
        for (let round = 0; round < ROUNDS; round++) {
          // The twins have no link with each other.
          for (const node of [...twins, witnesses[1]]) {
            witnesses[0].pull(node, DELTA_BYTES);
            node.pull(witnesses[0], DELTA_BYTES);
          }
          timers.advance(WAIT_MS);
        }
        const [first] = twins;
        const clones = twins.filter(({ lives }) => lives.isClone);
        assert.equal(clones.length, 1);
        assert.ok(clones.every(({ hasLeft }) => hasLeft));
        if (machine === "other") assert.equal(clones[0], second);
        const stays = clones[0] === first ? second : first;
        for (const { clones: known, replica, values } of [stays, ...witnesses].map((node) => ({
          clones: node.clones.found(),
          replica: node.replica,
          values: node.values(),
        }))) {
          assert.deepEqual(known, [CLONED]);
          assert.deepEqual(replica.digest(), stays.replica.digest());
          for (const key of KEYS) {
            const said = twins.flatMap(({ wrote }) => wrote.get(key) ?? []);
            const right = said.length === 0 ? [`${key} from before`] : said;
            assert.ok(right.includes(values[key] ?? ""), `${key}: ${values[key]}, not ${right}`);
          }
        }
      },
    ),
    { numRuns: 300 },
  );
});
