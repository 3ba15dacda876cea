import assert from "node:assert/strict";
import test from "node:test";
import { FuzzFailure, fuzz } from "./fuzz-run.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** Enough that each kind of change meets each sample; a long run takes a million. */
const INPUTS = 1_500;
/** What goes over a socket. */
const INPUTS_HTTP = 150;
/** A hang is found here; what is merely slow, by the long run, which has a machine to itself. */
const MS_MAX = 2_000;

for (const target of TARGETS) {
  test(`no input harms ${target.name}`, async (context) => {
    context.after(() => target.close?.());
    const count = target.name.startsWith("http") ? INPUTS_HTTP : INPUTS;
    const { perSecond, slowestMs } = await fuzz(target, { seed: 1, count, msMax: MS_MAX });
    context.diagnostic(`${Math.round(perSecond)} a second, slowest ${slowestMs.toFixed(1)} ms`);
  });
}

test("a parser that breaks, is slow or keeps what it read is told with how to see it again", async () => {
  const [sample] = TARGETS;
  assert.ok(sample);
  const bad = (take: FuzzTarget["take"]): FuzzTarget => ({ ...sample, take });
  const throwing = bad((input) => {
    if (input.length > 3_000) throw new RangeError("too long for me");
  });
  const failure = await fuzz(throwing, { seed: 1, count: 2_000 }).then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof FuzzFailure);
  assert.match(
    failure.message,
    /too long for me[\s\S]*see it again: npm run fuzz -- --parser frame/,
  );
  const only = Number(/--input (\d+)/.exec(failure.message)?.[1]);
  await assert.rejects(fuzz(throwing, { seed: 1, count: 1, only }), (again: FuzzFailure) => {
    assert.deepEqual(again.input, failure.input);
    return true;
  });
  const slow = bad(() => {
    const before = process.cpuUsage();
    while (process.cpuUsage(before).user < 130_000);
  });
  await assert.rejects(fuzz(slow, { seed: 1, count: 1 }), /took \d{3}/);
  const kept: Uint8Array[] = [];
  const keeping = bad(() => void kept.push(new Uint8Array(4_000)));
  await assert.rejects(fuzz(keeping, { seed: 1, count: 3_000 }), /bytes more are held/);
});
