import assert from "node:assert/strict";
import test from "node:test";
import { MemoryStore } from "../../src/store/memory.ts";
import { storeSuite } from "./store-suite.ts";

storeSuite("memory", () => {
  const store = new MemoryStore();
  return {
    store,
    reopen: () => {
      store.close();
      store.crash();
      return store;
    },
    failing: (batch) => {
      store.fail("full");
      const result = store.commit(batch, "durable");
      store.fail(undefined);
      return result;
    },
    dispose: () => store.close(),
  };
});

test("memory: a crash keeps every commit, a power cut those up to the last durable one", () => {
  const write = () => {
    const store = new MemoryStore();
    for (const [at, durability] of (
      ["batched", "durable", "batched", "batched"] as const
    ).entries()) {
      store.commit({ meta: { last: String(at) } }, durability);
    }
    return store;
  };
  const crashed = write();
  crashed.crash();
  assert.equal(crashed.load().meta.last, "3");

  const cut = write();
  cut.powerCut();
  assert.equal(cut.load().meta.last, "1");
  assert.equal(cut.commit({ meta: { next: "4" } }, "batched").ok, true);
  cut.powerCut();
  assert.deepEqual(cut.load().meta, { last: "1" });

  const halfway = write();
  halfway.powerCut(1);
  assert.equal(halfway.load().meta.last, "2");
});
