import assert from "node:assert/strict";
import test from "node:test";
import type {
  AnswerDocument,
  FactDocument,
  NodeDocument,
  ReadingDocument,
  RoomDocument,
} from "../../src/api/types.ts";
import { run } from "./cli-harness.ts";
import type { NodeProcess } from "./node-process.ts";
import { threeRooms, until } from "./three-rooms.ts";

const path = (question: string) => `/v1/ask?q=${encodeURIComponent(question)}`;

async function answer(node: NodeProcess, question: string): Promise<AnswerDocument> {
  const document = await node.get<AnswerDocument>(path(question));
  assert.ok(document, question);
  return document;
}

test("questions over three real nodes, one of which then goes away", async (context) => {
  const { nodes, push } = await threeRooms(context);
  const [meeting, open, kitchen] = nodes;
  assert.equal(await push("meeting-room", "temperature", 21.5), 202);
  assert.equal(await push("open-space", "temperature", 23), 202);
  assert.equal(await push("kitchen", "temperature", 25.5), 202);
  assert.equal(await push("open-space", "sound", 62), 202);
  assert.equal(await push("meeting-room", "humidity", 45), 202);
  assert.equal(await push("kitchen", "motion", true), 202);
  const known = (await meeting.get<NodeDocument[]>("/v1/nodes")) ?? [];
  const idOf = (name: string) => known.find((node) => node.name === name)?.id;
  const says = async (question: string, intent: string, text: RegExp, from?: string) => {
    for (const node of nodes.filter(({ isRunning }) => isRunning)) {
      await until(`${node.plan.name}: ${question}`, async () =>
        text.test((await answer(node, question)).answer),
      );
      const got = await answer(node, question);
      assert.equal(got.intent, intent);
      if (from === undefined) continue;
      assert.deepEqual(got.sources, [idOf(from)]);
      assert.ok((got.age_s ?? Infinity) < 90);
    }
  };

  await context.test("every node gives the same answer", async () => {
    await says(
      "meeting room temp",
      "reading",
      /^Meeting room: temperature 21\.5 degrees, .+, from meeting-room\/box\.$/,
      "meeting-room",
    );
    await says("hum", "reading", /^Meeting room: humidity 45 percent/, "meeting-room");
    const noisy = /^Yes\. Open space: sound 62 decibels, .+, from open-space\/box\.$/;
    await says("is it noisy in the open space", "reading", noisy, "open-space");
    await says("warmest room", "extreme", /is in kitchen: 25\.5 degrees/, "kitchen");
    await says("co2?", "reading", /don't have that data: nothing in the office measures CO2/);
    await says(
      "kitchen light",
      "reading",
      /don't have that data: nothing in kitchen measures light/,
    );
    await says("is anybody in the kitchen", "who", /^Kitchen: somebody is there/, "kitchen");
    await says("cellar temp", "reading", /I know no room "cellar"\. Known are: kitchen, meeting/);
    await says("help", "help", /^Ask me for a room/);
    await says("qual é a sala mais quente?", "extreme", /é em kitchen: 25,5 graus/, "kitchen");
    await says("who framed roger rabbit", "unknown", /don't understand/);
  });

  await context.test("what people typed, on a node that none of it comes from", async () => {
    assert.equal(await meeting.write("PUT", "/v1/people/Ana/devices/3c:22:fb:01:02:03"), 204);
    assert.equal(await push("kitchen", "co2", 612), 202);
    const stranger = ["--node", open.api ?? ""];
    const examples: readonly (readonly [string, string, RegExp])[] = [
      ["who's at the office", "who", /^I see nobody whom I know\.$/],
      ["whos in", "who", /^I see nobody whom I know\.$/],
      ["meeting room temp", "reading", /^Meeting room: temperature 21\.5 degrees, /],
      ["hum", "reading", /^Meeting room: humidity 45 percent, .+, from meeting-room\/box\.$/],
      ["is it noisy in the open space", "reading", /^Yes\. Open space: sound 62 decibels, /],
      ["i am ff:ff:ff:ff:ff:ff", "iam", /is a group's address and can be no one's device/],
      ["where is ana", "where", /^I have not seen Ana: /],
      ["set meeting room to 21", "set-target", /target meeting-room temperature 21$/],
      ["warmest room", "extreme", /^The highest temperature is in kitchen: 25\.5 degrees, /],
      ["co2?", "reading", /^Kitchen: CO2 612 parts per million, .+, from kitchen\/box\.$/],
      ["help", "help", /^Ask me for a room/],
    ];
    for (const [question, intent, text] of examples) {
      await until(question, async () => text.test((await answer(open, question)).answer));
      const cli = await run(["ask", question, "--json", ...stranger]);
      assert.equal(cli.code, 0, cli.stderr);
      const { answer: said, intent: meant, age_s: ageS, sources } = JSON.parse(cli.stdout);
      assert.match(said, text);
      assert.equal(meant, intent);
      // What rests on a reading says how old that is, and whose.
      const rests = intent === "reading" || intent === "extreme";
      assert.equal(typeof ageS === "number" && sources.length > 0, rests, question);
    }
  });

  const counted = (count: number) =>
    until(`${count} in the kitchen`, async () => {
      const rooms = await Promise.all(
        nodes.map((node) => node.get<RoomDocument>("/v1/rooms/kitchen")),
      );
      return rooms.every((room) => room?.occupancy.count === count);
    });
  const walk = async (door: string, passage: "in" | "out", people: number) =>
    assert.equal(await push(door, "count", people, { passage, room: "kitchen" }), 202);

  await context.test("two doors on two Pis count who is in a room, over a kill", async () => {
    await walk("kitchen", "in", 2);
    await walk("meeting-room", "in", 2);
    await walk("meeting-room", "out", 1);
    await counted(3);
    const readings = await open.get<ReadingDocument[]>("/v1/readings?room=kitchen&kind=count");
    assert.deepEqual(
      readings?.map(({ value }) => value),
      [3, 3],
      "each tells of all doors",
    );
    const taken =
      /^Kitchen: somebody is there, 3 counted in, .+, from (kitchen|meeting-room)\/box\.$/;
    await says("is anyone in the kitchen", "who", taken);
    await says("how many people are in the kitchen", "reading", /^Kitchen: count 3, /);
    const node = ["--node", open.api ?? ""];
    const shown = await run(["room", "kitchen", ...node]);
    assert.match(shown.stdout, /^kitchen {2}motion: yes {2}people: 3 {2}occupied {2}\(.+100 %\)\n/);
    const why = await run(["why", "room", "kitchen", "entered", ...node]);
    assert.match(why.stdout, /entered +2 +(kitchen +kitchen|meeting-room +meeting-room)\/box/);
    assert.equal(why.stdout.trim().split("\n").length, 3, why.stdout);

    await kitchen.end("SIGKILL");
    kitchen.start();
    await until("the kitchen is back", async () => (await kitchen.status("/v1/health")) === 200);
    await walk("kitchen", "out", 1);
    await counted(2);
    // It is alive; its sensor has said nothing since.
    const silent =
      /don't have that data: kitchen\/box in kitchen has been silent for \d+ sec.+ 25\.5/;
    await says("kitchen temp", "reading", silent, "kitchen");
  });

  await context.test("a free room is told from a taken one", async () => {
    assert.equal(await push("meeting-room", "motion", false), 202);
    assert.equal(await push("kitchen", "motion", true), 202);
    await says("which room is free", "occupancy", /^Meeting room: likely empty, nobody moves, /);
    await says("which rooms are taken?", "occupancy", /^Kitchen: somebody is there, 2 counted/);
    await says("is the open space free", "occupancy", /nothing in open space tells whether/);
    await walk("kitchen", "out", 4);
    await counted(0);
    const left = /^Kitchen: likely empty, all who came in went out, .+, from /;
    await says("is anyone in the kitchen", "who", left);
    await says("a kitchen está livre?", "occupancy", /^Kitchen: provavelmente vazia, quem entrou/);
    const [room] = (await meeting.get<RoomDocument[]>("/v1/rooms")) ?? [];
    assert.deepEqual(room?.occupancy, { motion: true, count: 0, occupied: false, likelihood: 0 });
    assert.equal(await push("kitchen", "count", 0.5, { passage: "in" }), 422);
    assert.equal(await push("kitchen", "temperature", 20, { passage: "in" }), 422);
    assert.equal(await push("kitchen", "count", 1, { passage: "through" }), 400);
  });

  // It takes half a minute until a node is taken for silent: the others go on meanwhile.
  await kitchen.end("SIGKILL");
  await context.test("the command line says the same", async () => {
    const node = ["--node", open.api ?? ""];
    const text = await run(["ask", "metting room temps", ...node]);
    assert.equal(text.code, 0, text.stderr);
    assert.match(text.stdout, /^Meeting room: temperature 21\.5 degrees, [^\n]+\n$/);
    // Without quotes it is a question too.
    const json = await run(["ask", "warmest", "room", "--json", ...node]);
    assert.equal(JSON.parse(json.stdout).intent, "extreme");
    const none = await run(["ask", " ", ...node]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^watercooler: ask one question as \?q=[^\n]+\n$/);
  });

  await context.test("every answer can be traced to who said it", async () => {
    const facts = await open.get<FactDocument[]>(
      "/v1/facts?entity=room/meeting-room&attribute=temperature",
    );
    const [{ at, age_s, ...fact }] = facts as [FactDocument];
    assert.deepEqual(fact, {
      entity: "room/meeting-room",
      attribute: "temperature",
      value: 21.5,
      unit: "degC",
      from: idOf("meeting-room"),
      by: "meeting-room/box",
    });
    assert.ok(age_s < 90 && Math.abs(Date.now() - Date.parse(at)) < 90_000);
    const node = ["--node", open.api ?? ""];
    const why = await run(["why", "room", "meeting-room", "temperature", ...node]);
    assert.equal(why.code, 0, why.stderr);
    assert.match(why.stdout, /temperature +21\.5 °C +meeting-room +meeting-room\/box +\d{4}-/);
    const person = await run(["why", "person", "ANA", "device", ...node]);
    assert.match(person.stdout, /device +3c:22:fb:01:02:03 +meeting-room +meeting-room +\d{4}-/);
    const json = await run(["why", "node", "kitchen", "room", "--json", ...node]);
    assert.equal(JSON.parse(json.stdout)[0].value, "kitchen");
    const none = await run(["why", "room", "cellar", ...node]);
    assert.equal(none.code, 1);
    assert.match(none.stderr, /^watercooler: no node says anything of room "cellar": see .+\n$/);
  });

  await context.test("of a moment in the past it is said what is not known any more", async () => {
    const facts = "/v1/facts?entity=room/meeting-room&attribute=temperature";
    const between = new Date().toISOString();
    const then = async (at: string) =>
      (await open.get<FactDocument[]>(`${facts}&at=${at}`))?.map(({ value }) => value);
    assert.deepEqual(await then(between), [21.5]);
    assert.deepEqual(await then("2020-01-01T00:00:00Z"), [null], "no node kept what was then");
    assert.equal(await push("meeting-room", "temperature", 22), 202);
    await says("meeting room temp", "reading", /temperature 22 degrees/);
    assert.deepEqual(await then(between), [null]);
    const why = ["why", "room", "meeting-room", "temperature", "--node", open.api ?? ""];
    const past = await run([...why, "--at", between]);
    assert.match(past.stdout, /temperature +- +meeting-room .+\n\nA dash: said anew since/);
    assert.equal(await open.status(`${facts}&at=yesterday`), 400);
    assert.equal(await open.status(`${facts}&at=2999-01-01T00:00:00Z`), 400);
  });

  await context.test("what went out of reach is told as such, with its last value", async () => {
    const lost = /^I don't have that data: kitchen is out of reach: kitchen has not been heard of/;
    for (const node of [meeting, open]) {
      await until("kitchen out of reach", async () =>
        lost.test((await answer(node, "kitchen temp")).answer),
      );
      assert.match((await answer(node, "kitchen temp")).answer, /last temperature was 25\.5 deg/);
      assert.match((await answer(node, "kitchen co2")).answer, lost);
      assert.match((await answer(node, "warmest room")).answer, /is in open space: 23 degrees/);
    }
  });
});
