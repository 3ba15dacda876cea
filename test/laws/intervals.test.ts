import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { Intervals } from "../../src/replica/intervals.ts";

/** Few enough numbers that ranges meet, and that there never are too many holes. */
const SEQ_MAX = 40;
const seqs = Array.from({ length: SEQ_MAX + 2 }, (_, at) => at);
const range = fc.tuple(fc.integer({ min: 1, max: SEQ_MAX }), fc.integer({ min: 0, max: 3 }));
/** Mostly the next number, as writes come; now and then anything. */
const step = fc.oneof({ weight: 3, arbitrary: fc.constant("next" as const) }, range);

test("what is known is the set of all that was added, in whatever order", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const intervals = new Intervals();
      const model = new Set<number>();
      for (const one of steps) {
        const [first, more] = one === "next" ? [intervals.highest() + 1, 0] : one;
        intervals.add(first, first + more);
        for (let seq = first; seq <= first + more; seq += 1) model.add(seq);
        const last = Math.max(...model);
        assert.equal(intervals.highest(), last);
        for (const seq of [...seqs, last, last + 1]) {
          assert.equal(intervals.has(seq), model.has(seq), `${seq} after ${first} + ${more}`);
        }
        let whole = 0;
        while (model.has(whole + 1)) whole += 1;
        assert.equal(intervals.prefix(), whole);
        const again = new Intervals(intervals.toJSON());
        assert.deepEqual(again.toJSON(), intervals.toJSON());
      }
    }),
  );
});
