import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { blocks, glyphsOf, sparkLine, squeezed } from "../../src/cli/chart.ts";

test("columns grow by eighths of a cell, a gap is a dot", () => {
  assert.deepEqual(blocks([0, 1, undefined, 2, 4], { rows: 2, glyphs: "blocks" }), [
    "   ▁█",
    "▁▅·██",
  ]);
  assert.deepEqual(blocks([0, 1, undefined, 2, 4], { rows: 2, glyphs: "ascii" }), [
    "   .#",
    ".:-##",
  ]);
  assert.equal(sparkLine([1, 2, 3, 4, 5, 6, 7, 8], "blocks"), "▁▂▃▄▅▆▇█");
  // All alike: neither full nor empty.
  assert.equal(sparkLine([3, 3], "blocks"), "▄▄");
});

test("a higher value is never drawn lower", () => {
  const value = fc.option(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { nil: undefined });
  const series = fc.array(value, { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(series, fc.integer({ min: 1, max: 9 }), (values, rows) => {
      const lines = blocks(values, { rows, glyphs: "blocks" });
      assert.equal(lines.length, rows);
      const heights = values.map((_, column) =>
        lines.reduce((sum, line) => sum + " ▁▂▃▄▅▆▇█".indexOf(line[column] ?? " "), 0),
      );
      for (const [at, one] of values.entries()) {
        for (const [to, other] of values.entries()) {
          if (one === undefined || other === undefined || one > other) continue;
          assert.ok((heights[at] ?? 0) <= (heights[to] ?? 0), `${one} and ${other}`);
        }
      }
    }),
  );
});

test("what is too wide is drawn by its means, gaps staying gaps", () => {
  const wide = [1, 3, undefined, undefined, 5, undefined, 7];
  assert.deepEqual(squeezed(wide, 4), [2, undefined, 5, 7]);
  assert.deepEqual(squeezed(wide, 7), wide);
  fc.assert(
    fc.property(
      fc.array(fc.integer(), { minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      (all, to) => {
        assert.ok(squeezed(all, to).length <= to);
      },
    ),
  );
});

test("blocks only where the terminal's letters have them", () => {
  assert.equal(glyphsOf({ LANG: "pt_PT.UTF-8", TERM: "xterm-256color" }), "blocks");
  assert.equal(glyphsOf({ LANG: "C", TERM: "xterm" }), "ascii");
  assert.equal(glyphsOf({ LANG: "C.utf8", LC_ALL: "POSIX" }), "ascii");
  assert.equal(glyphsOf({ LANG: "en_GB.UTF-8", TERM: "linux" }), "ascii");
});
