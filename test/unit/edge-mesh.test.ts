import assert from "node:assert/strict";
import test from "node:test";
import type { Delivery } from "../../src/edge/delivery.ts";
import type { Advised } from "../../src/office/announcements.ts";
import { EdgeMesh, type EdgeNode } from "./edge-site.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const HOT: Advised = { room: "kitchen", kind: "temperature", text: "Hot.", state: "said" };
const COOL: Advised = { ...HOT, state: "over" };
const LATER: Delivery = { outcome: "later", reason: "busy" };
const REFUSED: Delivery = { outcome: "refused", reason: "HTTP 404" };

const forEver = <T>(one: T): T[] => Array<T>(1_000).fill(one);

/** A mesh that has announced once, and the node that did. */
async function told(count: number): Promise<{ mesh: EdgeMesh; teller: EdgeNode }> {
  const mesh = new EdgeMesh(count);
  mesh.advised = [HOT];
  await mesh.pass(20_000);
  const teller = mesh.nodes.find(({ site }) => site.name === mesh.said[0]?.by);
  assert.ok(teller !== undefined && mesh.said.length === 1);
  return { mesh, teller };
}

const without = ({ nodes }: EdgeMesh, dead: EdgeNode | undefined) =>
  nodes.filter((node) => node !== dead);

test("a start listens first, and says what holds after", async () => {
  const mesh = new EdgeMesh(3);
  mesh.advised = [HOT];
  await mesh.pass(4_000);
  assert.equal(mesh.said.length, 0);
  await mesh.pass(4_000);
  assert.equal(mesh.said.length, 1);
});

test("an announcer that dies in the middle of it is followed by another, once", async () => {
  const mesh = new EdgeMesh(4);
  for (const node of mesh.nodes) node.sends = ["hangs"];
  mesh.advised = [HOT];
  await mesh.pass(10_000);
  const dead = mesh.nodes.find(({ sends }) => sends.length === 0);
  assert.ok(dead);
  for (const node of mesh.nodes) node.sends = [];
  mesh.cut(without(mesh, dead));
  await mesh.pass(HOUR_MS / 6);
  assert.equal(mesh.said.length, 1);
  assert.notEqual(mesh.said[0]?.by, dead.site.name);
});

test("one that dies after it does not double it, and the next time is said by another", async () => {
  const { mesh, teller } = await told(4);
  mesh.cut(without(mesh, teller));
  await mesh.pass(HOUR_MS / 4);
  assert.equal(mesh.said.length, 1);
  for (let times = 2; times <= 3; times++) {
    mesh.advised = [COOL];
    await mesh.pass(MINUTE_MS);
    mesh.advised = [HOT];
    await mesh.pass(MINUTE_MS);
    assert.equal(mesh.said.length, times);
  }
  mesh.cut(mesh.nodes);
  await mesh.pass(2 * MINUTE_MS);
  assert.equal(mesh.said.length, 3, "its return says nothing again");
});

test("two halves say it once each, and nobody again when they meet", async () => {
  const mesh = new EdgeMesh(4);
  await mesh.pass(10_000);
  mesh.cut(mesh.nodes.slice(0, 2), mesh.nodes.slice(2));
  mesh.advised = [HOT];
  await mesh.pass(2 * MINUTE_MS);
  assert.equal(mesh.said.length, 2);
  mesh.cut(mesh.nodes);
  await mesh.pass(10 * MINUTE_MS);
  assert.equal(mesh.said.length, 2);
  mesh.advised = [COOL];
  await mesh.pass(MINUTE_MS);
  for (const { notes } of mesh.nodes) assert.deepEqual(notes.told(), []);
});

test("what fails at one node is left to another, soon or at once, and said once", async () => {
  for (const failure of [LATER, REFUSED]) {
    const { mesh, teller } = await told(3);
    mesh.advised = [COOL];
    await mesh.pass(5_000);
    teller.sends = forEver(failure);
    mesh.advised = [HOT];
    await mesh.pass(failure === LATER ? 3 * MINUTE_MS : 10_000);
    assert.equal(mesh.said.length, 2, failure.outcome);
    assert.notEqual(mesh.said[1]?.by, teller.site.name);
    assert.ok(teller.sends.length > 900, "it is not hammered");
    await mesh.pass(HOUR_MS / 4);
    assert.equal(mesh.said.length, 2);
  }
});

test("where it fails everywhere it is tried on, and said once it works", async () => {
  const mesh = new EdgeMesh(2);
  for (const node of mesh.nodes) node.sends = forEver(LATER);
  mesh.advised = [HOT];
  await mesh.pass(10 * MINUTE_MS);
  const tries = mesh.nodes.reduce((sum, { sends }) => sum + 1_000 - sends.length, 0);
  assert.ok(tries > 4 && tries < 40, `${tries} tries in 10 minutes`);
  for (const node of mesh.nodes) node.sends = [];
  await mesh.pass(15 * MINUTE_MS);
  assert.equal(mesh.said.length, 1);
});

test("a place hears a dozen things a minute at most", async () => {
  const mesh = new EdgeMesh(1);
  mesh.advised = Array.from({ length: 40 }, (_, at) => ({ ...HOT, room: `room-${at}` }));
  await mesh.pass(30_000);
  assert.equal(mesh.said.length, 12);
  await mesh.pass(4 * MINUTE_MS);
  assert.equal(mesh.said.length, 40);
});

test("one of all who hear a question answers it, and the next in turn when that one is dead", async () => {
  const mesh = new EdgeMesh(4);
  await mesh.pass(10_000);
  for (const node of mesh.nodes) node.hear("first", "all");
  await mesh.pass(20_000);
  assert.equal(mesh.posts.length, 1);
  const by = (one: EdgeNode) => mesh.posts.some((post) => post.by === one.site.name);
  const dead = mesh.nodes.find(by);
  assert.ok(dead);
  // The same question again, when it is the one that died whose turn it is.
  mesh.posts.length = 0;
  for (let at = 0; mesh.posts.length === 0; at++) {
    dead.answers = ["hangs"];
    for (const node of mesh.nodes) node.hear(`question ${at}`, "all");
    await mesh.pass(1_000);
    if (dead.answers.length > 0) mesh.posts.length = 0;
    else break;
  }
  mesh.cut(without(mesh, dead));
  await mesh.pass(20_000);
  assert.equal(mesh.posts.length, 1);
  assert.notEqual(mesh.posts[0]?.by, dead.site.name);
});

test("a question that a service gives to several at once is answered once", async () => {
  const mesh = new EdgeMesh(3);
  await mesh.pass(10_000);
  for (let at = 0; at < 10; at++) {
    for (const node of mesh.nodes) node.hear(`question ${at}`, "one");
    await mesh.pass(12_000);
    assert.equal(mesh.posts.length, at + 1);
  }
  for (const node of mesh.nodes) node.hear("question 3", "one");
  await mesh.pass(12_000);
  assert.equal(mesh.posts.length, 10, "given out again, it is known");
});

test("an answer that has to wait is not given by another meanwhile", async () => {
  const mesh = new EdgeMesh(3);
  await mesh.pass(10_000);
  const [first, second] = mesh.nodes as [EdgeNode, EdgeNode];
  first.answers = [{ ...LATER, afterMs: 45_000 }];
  first.hear("slow", "one");
  await mesh.pass(3_000);
  second.hear("slow", "one");
  await mesh.pass(30_000);
  assert.equal(mesh.posts.length, 0);
  await mesh.pass(20_000);
  assert.deepEqual(
    mesh.posts.map(({ by }) => by),
    [first.site.name],
  );
});

test("two halves may answer once each; what is remembered of answers goes", async () => {
  const mesh = new EdgeMesh(4);
  await mesh.pass(10_000);
  mesh.cut(mesh.nodes.slice(0, 2), mesh.nodes.slice(2));
  await mesh.pass(MINUTE_MS);
  for (const node of mesh.nodes) node.hear("both", "all");
  await mesh.pass(20_000);
  assert.equal(mesh.posts.length, 2);
  mesh.cut(mesh.nodes);
  await mesh.pass(11 * MINUTE_MS);
  for (const { notes } of mesh.nodes) assert.deepEqual(notes.ownAnswering(), []);
});
