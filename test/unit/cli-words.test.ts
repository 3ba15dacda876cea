import assert from "node:assert/strict";
import test from "node:test";
import { nodeUrl } from "../../src/cli/node-url.ts";
import { type Paper, paperOf, table } from "../../src/cli/table.ts";
import { ago, bytes, plain, quantity } from "../../src/cli/words.ts";

test("a host, host:port or URL is an API's base", () => {
  const cases = [
    ["pi.local", "http://pi.local:8080"],
    ["10.0.0.7:81", "http://10.0.0.7:81"],
    ["[fd00::7]", "http://[fd00::7]:8080"],
    ["[fd00::7]:81", "http://[fd00::7]:81"],
    ["http://pi", "http://pi"],
    ["https://pi.example/office/", "https://pi.example/office"],
  ] as const;
  for (const [said, base] of cases) assert.equal(nodeUrl(said), base);
  for (const wrong of ["", "ftp://pi", "pi:99999", "http://a@b", "a b", "http://pi/?x=1"]) {
    assert.throws(() => nodeUrl(wrong), /is no address of a node: use host/, wrong);
  }
});

const COLUMNS = [{ title: "A" }, { title: "WIDE", dropRank: 1 }, { title: "B", dropRank: 2 }];
const ROWS = [["one", "a long text", { text: "bad", tone: "bad" as const }]];
const paper = (columns: number, colour: Paper["colour"] = "off"): Paper => ({ columns, colour });

test("a table is as wide as its texts, and fits where it must", () => {
  assert.equal(
    table(COLUMNS, ROWS, paper(Number.POSITIVE_INFINITY)),
    "A    WIDE         B\none  a long text  bad\n",
  );
  assert.equal(table(COLUMNS, ROWS, paper(17)), "A    WIDE\none  a long text\n");
  assert.equal(table(COLUMNS, ROWS, paper(10)), "A\none\n");
  const long = [["a very long text", "", ""]];
  assert.equal(table(COLUMNS, long, paper(10)), "A\na very lo…\n");
  for (const columns of [5, 12, 20, 40]) {
    for (const line of table(COLUMNS, long, paper(columns)).split("\n")) {
      assert.ok([...line].length <= Math.max(6, columns));
    }
  }
});

test("colour only where a terminal wants it, and no column where nobody said anything", () => {
  const shown = table(COLUMNS, [["one", "", { text: "bad", tone: "bad" }]], paper(80, "on"));
  assert.ok(shown.includes("\x1b[31;1mbad\x1b[0m"));
  assert.doesNotMatch(shown, /WIDE/);
  const tty = { isTty: true, columns: 80 };
  const deps = (more: object) => ({ ...tty, env: {}, ...more }) as Parameters<typeof paperOf>[0];
  assert.deepEqual(paperOf(deps({})), paper(80, "on"));
  assert.equal(paperOf(deps({ env: { NO_COLOR: "1" } })).colour, "off");
  assert.equal(paperOf(deps({ env: { TERM: "dumb" } })).colour, "off");
  assert.deepEqual(paperOf(deps({ isTty: false })), paper(Number.POSITIVE_INFINITY));
});

test("ages, values and counts for people", () => {
  assert.deepEqual([0.5, 59, 119, 120, 7_300, 200_000].map(ago), [
    "now",
    "59 s ago",
    "119 s ago",
    "2 min ago",
    "2 h ago",
    "2 d ago",
  ]);
  assert.equal(quantity(21.46, "degC"), "21.5 °C");
  assert.equal(quantity(3.3004, "V"), "3.3 V");
  assert.equal(quantity(640.4, "ppm"), "640 ppm");
  assert.equal(quantity(3, "1"), "3");
  assert.equal(quantity(false, "boolean"), "no");
  assert.deepEqual([9_999, 12_345, 12_345_678].map(bytes), ["9999 B", "12 kB", "12 MB"]);
  assert.equal(plain("a\x1b[2J\u202eb\n"), "a?[2J?b?");
});
