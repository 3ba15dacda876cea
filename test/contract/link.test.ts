import assert from "node:assert/strict";
import test from "node:test";
import { nodeIdOfKey } from "../../src/base/id.ts";
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

const memoryIds = [1, 2, 3].map((seed) => nodeIdOfKey(new Uint8Array(32).fill(seed)));

linkSuite("memory", () => {
  const network = new MemoryNetwork(setImmediate, () => performance.now());
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
  const network = new MemoryNetwork(queueMicrotask, () => 0);
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
