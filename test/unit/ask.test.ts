import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { answerQuestion } from "../../src/office/ask/answer.ts";
import type { Intent } from "../../src/office/ask/intent.ts";
import { parseQuestion } from "../../src/office/ask/parse.ts";
import type { AskView } from "../../src/office/ask/view.ts";
import type { OccupancyView, ReadingView } from "../../src/office/views.ts";
import { idOf, node, reading } from "../integration/api-fake-office.ts";
import { NONSENSE, PHRASINGS, ROOMS } from "./ask-phrasings.ts";

const HONEST =
  /don't have that data|don't understand|no data for it|Não tenho esses dados|Não percebo/;

function about(intent: Intent): string {
  const parts: (string | number | undefined)[] = [];
  if ("where" in intent) {
    const { where } = intent;
    parts.push(
      where.scope === "rooms"
        ? where.rooms.join(",")
        : where.scope === "office"
          ? "office"
          : `?${where.said}`,
    );
  }
  if (intent.type === "reading") parts.push(intent.is);
  if (intent.type === "extreme") parts.push(intent.side);
  if (intent.type === "set-target") parts.push(intent.value);
  if (intent.type === "occupancy") parts.push(intent.wanted);
  if (intent.type === "where") parts.push(intent.person);
  if ("mac" in intent) parts.push(intent.mac);
  return parts.filter((part) => part !== undefined).join(" ");
}

/** An office of those rooms in which every kind but a few is measured. */
function office(over: Partial<AskView> = {}, readings: readonly ReadingView[] = []): AskView {
  const rooms = ROOMS.map((room) => {
    const measured = readings.filter((one) => one.room === room);
    return { room, readings: measured, targets: [], motion: undefined, count: undefined };
  });
  return {
    rooms,
    nodes: [],
    devices: [],
    people: [],
    targets: [],
    audience: "all",
    ...over,
  };
}

for (const [question, intent, subject, kind] of PHRASINGS) {
  test(`"${question}" is ${intent}${subject === undefined ? "" : ` of ${subject}`}`, () => {
    const parsed = parseQuestion(question, ROOMS).intent;
    assert.equal(parsed.type, intent, JSON.stringify(parsed));
    if (subject !== undefined) assert.equal(about(parsed), subject);
    if (kind !== undefined) assert.equal("kind" in parsed ? parsed.kind : "none", kind);
  });
}

const FULL = office(
  {},
  ROOMS.flatMap((room) => [
    reading({ room, kind: "temperature", value: 21.5 }),
    reading({ room, kind: "humidity", value: 45 }),
    reading({ room, kind: "co2", value: 600 }),
    reading({ room, kind: "sound", value: 40 }),
    reading({ room, kind: "light", value: 300 }),
  ]),
);

for (const question of NONSENSE) {
  test(`"${question.slice(0, 40)}" has the honest answer`, () => {
    const { text, sources } = answerQuestion(question, FULL);
    assert.match(text, HONEST);
    assert.deepEqual(sources, []);
  });
}

test("no question at all makes it fail, nor take long", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 400 }), (question) => {
      const { text } = answerQuestion(question, FULL);
      assert.ok(text.length > 0);
    }),
  );
  const pieces = fc.constantFrom(
    "who",
    "temp",
    "in",
    "kitchen",
    "21",
    "set",
    "warmest",
    "sala",
    "is",
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (words) => {
      assert.ok(answerQuestion(words.join(" "), FULL).text.length > 0);
    }),
  );
});

test("an answer says the value with its unit, its age and its sensor in words", () => {
  const one = reading({ kind: "temperature", room: "kitchen", value: 22.37, ageMs: 12_400 });
  const answer = answerQuestion("kitchen temp", office({}, [one]));
  assert.equal(
    answer.text,
    "Kitchen: temperature 22.4 degrees, 12 seconds ago, from kitchen-pi/climate.",
  );
  assert.equal(answer.ageMs, 12_400);
  assert.deepEqual(answer.sources, [idOf(1)]);
  assert.equal(
    answerQuestion("temperatura da kitchen", office({}, [one])).text,
    "Kitchen: temperatura 22,4 graus, há 12 segundos, de kitchen-pi/climate.",
  );
});

test("yes and no rest on the value", () => {
  const at = (value: number) =>
    answerQuestion(
      "is it noisy in the open space",
      office({}, [reading({ kind: "sound", room: "open-space", value })]),
    ).text;
  assert.match(at(62), /^Yes\. Open space: sound 62 decibels, 2 seconds ago/);
  assert.match(at(38), /^No\. Open space: sound 38 decibels/);
});

test("what is missing is told with its reason", () => {
  const stale = reading({ kind: "temperature", room: "kitchen", stale: true, ageMs: 240_000 });
  const ask = (question: string, view: AskView) => answerQuestion(question, view).text;
  const silentSensor = office({ nodes: [node(1, "kitchen-pi")] }, [stale]);
  assert.equal(
    ask("kitchen temp", silentSensor),
    "I don't have that data: kitchen-pi/climate in kitchen has been silent for 4 minutes. " +
      "Its last temperature was 21.5 degrees.",
  );
  const lost = node(1, "kitchen-pi", { state: "silent", ageMs: 180_000 });
  assert.equal(
    ask("kitchen temp", office({ nodes: [lost] }, [stale])),
    "I don't have that data: kitchen is out of reach: kitchen-pi has not been heard of for " +
      "3 minutes. Its last temperature was 21.5 degrees.",
  );
  assert.match(ask("kitchen co2", office({ nodes: [lost] }, [stale])), /kitchen is out of reach/);
  assert.match(ask("kitchen co2", silentSensor), /nothing in kitchen measures CO2/);
  assert.match(
    ask("temp cellar", silentSensor),
    /I know no room "cellar"\. Known are: meeting room/,
  );
  assert.match(ask("co2?", silentSensor), /nothing in the office measures CO2/);
  assert.match(ask("temp", office({ rooms: [] })), /no room has told me anything yet/);
});

test("the warmest room is one that speaks", () => {
  const readings = [
    reading({ kind: "temperature", room: "kitchen", value: 30, stale: true }),
    reading({ kind: "temperature", room: "lab-1", value: 23 }),
    reading({ kind: "temperature", room: "lab-2", value: 19 }),
  ];
  const ask = (question: string) => answerQuestion(question, office({}, readings)).text;
  assert.match(
    ask("warmest room"),
    /^The highest temperature is in lab 1: 23 degrees, 2 seconds ago/,
  );
  assert.match(ask("coldest room"), /in lab 2: 19 degrees/);
});

test("who is in, where somebody is, and who may know", () => {
  const ana = { person: "Ana", isIn: true, ageMs: 65_000, seenBy: [idOf(2)] };
  const bo = { person: "Bo", isIn: false, ageMs: 7_200_000, seenBy: [idOf(3)] };
  const view = office({ people: [ana, bo] });
  const who = answerQuestion("whos in", view);
  assert.equal(who.text, "In: Ana (65 seconds ago).");
  assert.deepEqual(who.sources, [idOf(2)]);
  assert.equal(answerQuestion("where is bo", view).text, "Bo is not in, last seen 2 hours ago.");
  assert.match(answerQuestion("where is zoe", view).text, /I know nobody called "zoe"/);
  for (const question of ["whos in", "where is ana", "ip of 3c:22:fb:01:02:03"]) {
    const { text, sources } = answerQuestion(question, { ...view, audience: "public" });
    assert.match(text, /told only to those who may read it/);
    assert.doesNotMatch(text, /Ana/);
    assert.deepEqual(sources, []);
  }
});

test("who is in a room is named where that is known, to those who may know", () => {
  const ana = { person: "Ana", isIn: true, room: "kitchen", ageMs: 65_000, seenBy: [idOf(2)] };
  const people = [ana, { ...ana, person: "Bo", isIn: false }, { ...ana, person: "Cy", room: "x" }];
  const view = office({ people });
  const { text, ageMs, sources } = answerQuestion("who is in the kitchen", view);
  assert.equal(text, "In kitchen: Ana (65 seconds ago).");
  assert.deepEqual([ageMs, sources], [65_000, [idOf(2)]]);
  const other = answerQuestion("who is in the kitchen", { ...view, audience: "public" });
  assert.doesNotMatch(other.text, /Ana/);
  assert.equal(
    answerQuestion("where is ana", view).text,
    "Ana is in, in kitchen, seen 65 seconds ago.",
  );
});

test("a room is taken or likely empty, and the answer says by what", () => {
  const [moves, counter] = [
    reading({ kind: "motion", room: "kitchen", value: false, ageMs: 1_000, sensor: "k/pir" }),
    reading({ kind: "count", room: "kitchen", value: 2, ageMs: 3_000, sensor: "k/door" }),
  ];
  const ask = (occupancy: Omit<OccupancyView, "sources">, readings = [moves, counter]) => {
    const view = office({}, readings);
    const rooms = view.rooms.map((one) =>
      one.room === "kitchen" ? { ...one, occupancy: { ...occupancy, sources: [idOf(1)] } } : one,
    );
    return answerQuestion("is the kitchen free", { ...view, rooms }).text;
  };
  const taken = { state: "taken", likelihood: 0.9 } as const;
  const empty = { state: "empty", likelihood: 0 } as const;
  assert.equal(
    ask({ ...taken, count: 2, passedMs: 3_000 }),
    "Kitchen: somebody is there, 2 counted in, 3 seconds ago, from k/door.",
  );
  assert.equal(
    ask({ ...taken, count: undefined, movedMs: 90_000 }, [moves]),
    "Kitchen: perhaps somebody is there, who last moved 90 seconds ago, says k/pir.",
  );
  assert.equal(
    ask({ ...empty, count: undefined, movedMs: 900_000 }, [moves]),
    "Kitchen: likely empty, nobody moves, 1 second ago, from k/pir.",
  );
  assert.equal(
    ask({ ...empty, count: 0, passedMs: 3_000, movedMs: 4_000 }),
    "Kitchen: likely empty, all who came in went out, 3 seconds ago, from k/door.",
  );
  assert.equal(
    ask({ ...empty, count: 2, passedMs: 36_000_000 }, [counter]),
    "Kitchen: likely empty, 2 counted in but nobody for 10 hours, from k/door.",
  );
  assert.match(ask({ count: undefined }, []), /nothing in kitchen tells whether somebody is there/);
});

test("a question sets nothing: it says how it is done", () => {
  const ask = (question: string) => answerQuestion(question, office()).text;
  assert.match(ask("set meeting room to 21"), /watercooler target meeting-room temperature 21$/);
  assert.match(ask("set lab to 21"), /which one room/);
  assert.match(ask("set meeting room to 2100"), /2100 degrees can be no target/);
  assert.match(ask("i am ff:ff:ff:ff:ff:ff"), /group's address/);
  assert.match(ask("i am 3c:22:fb:01:02:03"), /watercooler iam NAME 3c:22:fb:01:02:03$/);
});

test("no question costs a Pi much, however many rooms there are", () => {
  const rooms = Array.from({ length: 400 }, (_, at) => `conference-room-number-${at}-of-the-east`);
  const worst = ["a b ".repeat(60), "x".repeat(70), `temp ${"z y ".repeat(40)}`, "1 ".repeat(120)];
  const startMs = performance.now();
  for (const question of worst) parseQuestion(question, rooms);
  const tookMs = performance.now() - startMs;
  // 40 ms here; a machine under load takes a few times that, reading every span anew takes seconds.
  assert.ok(tookMs < 1_500, `${tookMs} ms`);
});

test("who was never seen is told as such, not as seen long ago", () => {
  const people = [{ person: "Ana", isIn: false, ageMs: undefined, seenBy: [] }];
  const { text, ageMs } = answerQuestion("where is ana", office({ people }));
  assert.match(text, /not seen Ana/);
  assert.equal(ageMs, undefined);
});
