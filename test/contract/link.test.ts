import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { addressOf, nodeIdOfKey, splitAddress } from "../../src/base/id.ts";
import { MemoryNetwork } from "../../src/link/memory.ts";
import { CROSSED_MS_MAX, whichStays } from "../../src/link/settle.ts";
import { greetAs, makePapers, webSocketTransport } from "./link-certificates.ts";
import { identityOf, Party, until } from "./link-party.ts";
import { linkSuite } from "./link-suite.ts";

const papers = [makePapers(), makePapers(), makePapers()];

linkSuite("sockets", () => ({
  ids: papers.map(({ identity }) => identity.id),
  transport: (identity, listen) => {
    const own = papers.find((one) => one.identity.id === identity.self);
    assert.ok(own);
    return webSocketTransport(own, identity, [listen]);
  },
  deafPeer: async (identity, party) => {
    const own = papers.find((one) => one.identity.id === identity.self);
    assert.ok(own);
    const socket = await greetAs(own, party.address, identity.hello());
    await until(() => party.count("up") === 1, "up");
    socket.pause();
    return { hangUp: () => socket.terminate() };
  },
}));

const RUNS = Number(process.env.RUNS ?? 2_000);

const memoryIds = [1, 2, 3].map((seed) => nodeIdOfKey(new Uint8Array(32).fill(seed)));

linkSuite("memory", () => {
  const network = new MemoryNetwork(
    (task) => setImmediate(task),
    () => performance.now(),
  );
  return {
    ids: memoryIds,
    transport: (identity, listen) => network.transport(identity, listen),
    deafPeer: async (identity, party) => {
      const peer = await new Party(identity.self, network.transport(identity, "host:0")).start();
      peer.transport.dial(party.address, party.id);
      await until(() => party.count("up") === 1 && peer.count("up") === 1, "up");
      network.deafen(identity.self);
      return { hangUp: () => void peer.transport.stop() };
    },
  };
});

test("memory: a cut breaks links and dials at both ends until it is healed", async () => {
  const network = new MemoryNetwork(
    (task) => queueMicrotask(task),
    () => 0,
  );
  const parties = await Promise.all(
    memoryIds.map((id) =>
      new Party(id, network.transport(identityOf(id, "boot"), "127.0.0.1:0")).start(),
    ),
  );
  const [a, b, c] = parties as [Party, Party, Party];
  a.transport.dial(b.address, b.id);
  a.transport.dial(c.address, c.id);
  await until(() => a.count("up") === 2, "two links");
  network.cut(b.id, a.id);
  assert.deepEqual([a.reasons("down"), b.reasons("down")], [["closed"], ["closed"]]);
  b.transport.dial(a.address, a.id);
  await until(() => b.reasons("dial-failed").includes("unreachable"), "no way");
  network.heal(a.id, b.id);
  b.transport.dial(a.address, a.id);
  await until(() => a.count("up") === 3, "up again");
  assert.equal(c.count("down"), 0);
  for (const one of parties) one.checkOrder();
});

test("sockets: of two addresses of one peer, dialled at once, one makes the link", async (t) => {
  const [one, other] = papers.map((own) => {
    const { id } = own.identity;
    return new Party(id, webSocketTransport(own, identityOf(id, "boot"), ["0.0.0.0:0"]));
  }) as [Party, Party];
  for (const party of [one, other]) {
    await party.start();
    t.after(() => party.transport.stop());
  }
  const { port } = splitAddress(other.address) ?? { port: 0 };
  for (const host of ["127.0.0.1", "127.0.0.2"])
    one.transport.dial(addressOf(host, port), other.id);
  await until(() => one.count("up") === 1 && one.count("dial-failed") === 1, "both told");
  assert.deepEqual(one.reasons("dial-failed"), ["replaced"]);
  await until(() => other.count("up") === 1, "up");
  assert.deepEqual([one.count("down"), other.count("down"), other.count("refused")], [0, 0, 0]);
});

/** Runs tasks in an order that `choose` decides, save that each lane keeps its own. */
class AnyOrder {
  private lanes: { readonly lane: object; readonly tasks: (() => void)[] }[] = [];

  readonly schedule = (task: () => void, lane: object) => {
    const known = this.lanes.find((one) => one.lane === lane);
    if (known === undefined) this.lanes.push({ lane, tasks: [task] });
    else known.tasks.push(task);
  };

  /** Runs one task of lane `choice`, counted round. Gives false when there is none. */
  step(choice: number): boolean {
    const chosen = this.lanes[choice % this.lanes.length];
    if (chosen === undefined) return false;
    const task = chosen.tasks.shift();
    if (chosen.tasks.length === 0) this.lanes = this.lanes.filter((one) => one !== chosen);
    task?.();
    return true;
  }
}

test("memory: dials crossed in any order, and a broken link, end in one that both agree on", async () => {
  const action = fc.record({ dials: fc.constantFrom("a", "b", "cut", "none"), choice: fc.nat(99) });
  const plan = fc.array(action, { minLength: 1, maxLength: 60 });
  await fc.assert(
    fc.asyncProperty(plan, async (actions) => {
      const order = new AnyOrder();
      const network = new MemoryNetwork(order.schedule, () => 0);
      const [a, b] = (await Promise.all(
        memoryIds
          .slice(0, 2)
          .map((id) => new Party(id, network.transport(identityOf(id, "boot"), "host:0")).start()),
      )) as [Party, Party];
      const dial = { a: () => a.dial(b), b: () => b.dial(a) };
      for (const { dials, choice } of actions) {
        if (dials === "a" || dials === "b") dial[dials]();
        if (dials === "cut") network.cut(a.id, b.id);
        if (dials === "cut") network.heal(a.id, b.id);
        order.step(choice);
      }
      while (order.step(0));
      const did = (what: string) => actions.some(({ dials }) => dials === what);
      // Only what was cut half-way may need another dial.
      if (did("cut") || !(did("a") || did("b"))) a.dial(b);
      while (order.step(0));
      const ends = [a, b].map(({ transport }) =>
        transport.stats().map(({ initiator }) => initiator),
      );
      assert.equal(ends.flat().sort().join(), "peer,self", JSON.stringify(ends));
      for (const one of [a, b]) one.checkOrder();
      // What a cut broke half-way is counted; what crossed is not.
      const known = did("cut") ? ["no-hello"] : [];
      for (const one of [a, b]) {
        assert.ok(one.reasons("refused").every((reason) => known.includes(reason)));
      }
      for (const one of [a, b]) await one.transport.stop();
    }),
    { numRuns: RUNS },
  );
});

test("of crossed links the smaller id's stays; else the newer does", () => {
  const old = { boot: "x", initiator: "self", ageMs: 5 } as const;
  const crossing = { boot: "x", initiator: "peer" } as const;
  assert.equal(whichStays(old, crossing, "self"), "standing");
  assert.equal(whichStays(old, crossing, "peer"), "newcomer");
  assert.equal(whichStays(old, { ...crossing, boot: "y" }, "self"), "newcomer");
  assert.equal(whichStays(old, { ...crossing, initiator: "self" }, "self"), "newcomer");
  // Too late to have crossed: the other end has lost the old one.
  assert.equal(whichStays({ ...old, ageMs: CROSSED_MS_MAX }, crossing, "self"), "newcomer");
});
