import assert from "node:assert/strict";
import test from "node:test";
import type { Ipld, IpldMap } from "../../src/ucan/ipld.ts";
import { allows, parsePolicy } from "../../src/ucan/policy.ts";
import { parseSelector, resolve } from "../../src/ucan/selector.ts";

function allowed(policy: Ipld, args: IpldMap): boolean {
  const parsed = parsePolicy(policy);
  assert.ok(parsed, `a policy: ${JSON.stringify(policy)}`);
  return allows(parsed, args);
}

const numbers = { a: [1, 2, { b: 3 }], b: 1 };
const people = { name: "Katie", age: 35, nationalities: ["Canadian", "South African"] };
const mail = { from: "alice@example.com", to: ["bob@example.com", "carol@not.example.com"] };
const recipients = [{ email: "bob@example.com" }, { email: "alice@example.com" }];
const WILD = "Alice\\*, Bob*, Carol.";

/** The cases of the working group's vectors for policies, and what the text says beside. */
const table: readonly (readonly [args: IpldMap, statement: Ipld, holds: boolean])[] = [
  [numbers, ["==", ".a", [1, 2, { b: 3 }]], true],
  [numbers, ["==", ".a", [1, 2, { b: 4 }]], false],
  [numbers, ["!=", ".b", "ddd"], true],
  [numbers, ["!=", ".b", null], true],
  [numbers, ["!=", ".b", { b: 3 }], true],
  [numbers, ["!=", ".b", 1], false],
  [numbers, ["not", ["==", ".b", 2]], true],
  [numbers, ["<", ".b", 2], true],
  [numbers, ["<", ".b", 1], false],
  [numbers, ["<=", ".b", 1], true],
  [numbers, [">", ".b", 0.5], true],
  [numbers, [">=", ".b", 1.5], false],
  [numbers, ["<", ".a", 9], false],
  [{ x: "Alice*, Bob, Carol." }, ["like", ".x", WILD], true],
  [{ x: "Alice*, Bob, Dan, Erin, Carol." }, ["like", ".x", WILD], true],
  [{ x: "Alice*, Bob  , Carol." }, ["like", ".x", WILD], true],
  [{ x: "Alice*, Bob*, Carol." }, ["like", ".x", WILD], true],
  [{ x: "Alice*, Bob, Carol" }, ["like", ".x", WILD], false],
  [{ x: "Alice*, Bob*, Carol!" }, ["like", ".x", WILD], false],
  [{ x: "Alice, Bob, Carol." }, ["like", ".x", WILD], false],
  [{ x: "Alice Cooper, Bob, Carol." }, ["like", ".x", WILD], false],
  [{ x: " Alice*, Bob, Carol. " }, ["like", ".x", WILD], false],
  [{ x: "aXbXc" }, ["like", ".x", "a*b*c"], true],
  [{ x: "abc" }, ["like", ".x", "abc*c"], false],
  [{ x: 3 }, ["like", ".x", "*"], false],
  [people, ["and", []], true],
  [people, ["or", []], true],
  [
    people,
    [
      "and",
      [
        ["==", ".name", "Katie"],
        [">=", ".age", 21],
      ],
    ],
    true,
  ],
  [
    people,
    [
      "and",
      [
        ["==", ".name", "Katie"],
        ["==", ".nationalities", ["American"]],
      ],
    ],
    false,
  ],
  [
    people,
    [
      "or",
      [
        ["==", ".name", "Katie"],
        [">", ".age", 45],
      ],
    ],
    true,
  ],
  [
    people,
    [
      "or",
      [
        ["==", ".name", "Kate"],
        [">", ".age", 45],
      ],
    ],
    false,
  ],
  [
    people,
    [
      "not",
      [
        "and",
        [
          ["==", ".name", "Katie"],
          [">", ".age", 45],
        ],
      ],
    ],
    true,
  ],
  [{ a: [{ b: 1 }, { b: 2 }, { z: [7] }] }, ["any", ".a", ["==", ".b", 2]], true],
  [{ a: [{ b: 1 }, { b: 2 }, { z: [7] }] }, ["all", ".a", [">", ".b", 0]], false],
  [{ a: [{ b: 1 }, { b: 2 }] }, ["all", ".a", [">", ".b", 0]], true],
  [{ a: 5 }, ["all", ".a", ["==", ".", 5]], false],
  [
    { letters: { christmas: { recipients } } },
    ["all", ".letters", ["any", ".recipients", ["==", ".email", "bob@example.com"]]],
    true,
  ],
  [mail, ["any", ".to", ["like", ".", "*@example.com"]], true],
  [{ to: ["carol@else.com"] }, ["any", ".to", ["like", ".", "*@example.com"]], false],
  // What can't be found makes its statement false, also one that denies.
  [{}, ["==", ".a.b", 1], false],
  [{}, ["!=", ".a.b", 1], false],
  [{}, ["==", ".a", null], true],
  [{}, ["==", ".a.b?", null], true],
];

for (const [args, statement, holds] of table) {
  test(`${JSON.stringify(statement)} is ${holds} of ${JSON.stringify(args)}`, () => {
    assert.equal(allowed([statement], args), holds);
  });
}

test("every statement of a policy has to hold", () => {
  const both = [
    ["==", ".from", "alice@example.com"],
    ["any", ".to", ["==", ".", "nobody@example.com"]],
  ];
  assert.equal(allowed(both, mail), false);
  assert.equal(allowed(both.slice(0, 1), mail), true);
  assert.equal(allowed([], mail), true);
});

test("an operator, selector or shape that there is not is no policy", () => {
  const bad: readonly Ipld[] = [
    ...[null, {}, "x", [["=~", ".a", 1]], [["==", "a", 1]], [["==", ".a"]], [["==", ".a", 1, 2]]],
    ...[[["<", ".a", "1"]], [["not", ".a", 1]], [["and", ["==", ".a", 1]]], [["like", ".a", 1]]],
    ...[
      [["all", ".a", ["nope", ".", 1]]],
      [["toString", ".a", 1]],
      [["like", ".a", "x".repeat(999)]],
    ],
  ];
  for (const policy of bad) assert.equal(parsePolicy(policy), undefined, JSON.stringify(policy));
});

test("selectors find what the specification's table says", () => {
  const args = { title: "M", to: ["a", "b", "c"], "1": 1, bytes: Uint8Array.of(9, 8, 7) };
  const cases: readonly (readonly [string, Ipld | undefined])[] = [
    [".", args],
    [".title", "M"],
    ['.["1"]', 1],
    ['.["title"]', "M"],
    [".to[1]", "b"],
    [".to[-1]", "c"],
    [".to[99]", undefined],
    [".to[99]?", null],
    [".to[99]???", null],
    [".to[1:]", ["b", "c"]],
    [".to[:-1]", ["a", "b"]],
    [".to[]", ["a", "b", "c"]],
    [".bytes[2]", 7],
    [".nope", null],
    [".nope.more", undefined],
    [".nope?.more", undefined],
    [".nope.more.still?", undefined],
    [".title.x", undefined],
    [".__proto__", null],
  ];
  for (const [text, found] of cases) {
    const selector = parseSelector(text);
    assert.ok(selector, text);
    assert.deepEqual(resolve(selector, args), found, text);
  }
  for (const text of [
    "",
    "a",
    "..",
    ".a..b",
    ".a.",
    ".a b",
    ".[",
    ".[1:2:3]",
    ".[:]",
    '.["x]',
    ".1",
  ]) {
    assert.equal(parseSelector(text), undefined, text);
  }
});
