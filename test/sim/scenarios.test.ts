import assert from "node:assert/strict";
import test from "node:test";
import { SCENARIOS } from "../../src/sim/scenarios/all.ts";

const SEEDS = Number(process.env.SEEDS ?? 1);
const FIRST_SEED = Number(process.env.SEED ?? 1);

for (const { name, about, run } of SCENARIOS) {
  test(`scenario ${name}: ${about}`, () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        run({ seed });
      } catch (error) {
        console.error(`replay: SEED=${seed} npm test -- sim/scenarios`);
        throw error;
      }
    }
  });
}

test("every scenario has a name of its own", () => {
  assert.equal(new Set(SCENARIOS.map(({ name }) => name)).size, SCENARIOS.length);
});
