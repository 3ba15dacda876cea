import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { utf8 } from "../../src/base/bytes.ts";
import { type Address, type NodeId, nodeIdOfKey, PUBLIC_KEY_BYTES } from "../../src/base/id.ts";
import type { Result } from "../../src/base/result.ts";
import type {
  Batch,
  Durability,
  Snapshot,
  Store,
  StoredEntry,
  StoreFailure,
} from "../../src/store/port.ts";

/** One store under test, with what a port can't do: end it, and make a commit fail. */
export interface Bench {
  readonly store: Store;
  /** Ends the store in good order and opens it again. */
  reopen(): Store;
  /** Commits a batch in a way that must fail half-way. */
  failing(batch: Batch): Result<void, StoreFailure>;
  dispose(): void;
}

const ORIGINS = [1, 2, 3, 4].map((byte) =>
  nodeIdOfKey(new Uint8Array(PUBLIC_KEY_BYTES).fill(byte)),
);
const [ALPHA, BETA] = ORIGINS as [NodeId, NodeId];
/** Ordinary objects, as the stores give back. */
const PLAIN = { noNullPrototype: true } as const;
const RUNS = Number(process.env.STORE_RUNS ?? 60);

export function entry(key: string, text: string): StoredEntry {
  return {
    key,
    body: utf8(text),
    signature: new Uint8Array(64).fill(text.length % 256),
    heardWallMs: 1_700_000_000_000,
  };
}

export function put(origin: NodeId, coverage: string, ...entries: StoredEntry[]): Batch {
  return { origins: [{ origin, coverage, put: entries, drop: [] }] };
}

/** A snapshot with everything in order, since the port promises none. */
export function inOrder({ origins, remembered, meta }: Snapshot): Snapshot {
  const by = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);
  return {
    origins: origins
      .map((one) => ({ ...one, entries: [...one.entries].sort((a, b) => by(a.key, b.key)) }))
      .sort((a, b) => by(a.origin, b.origin)),
    remembered: [...remembered].sort((a, b) => by(a.id, b.id)),
    meta: Object.fromEntries(Object.entries(meta).sort(([a], [b]) => by(a, b))),
  };
}

/** What every store must do, twin or real. */
export function storeSuite(name: string, makeBench: () => Bench): void {
  const on = (title: string, run: (bench: Bench) => void) =>
    test(`${name}: ${title}`, () => {
      const bench = makeBench();
      try {
        run(bench);
      } finally {
        bench.dispose();
      }
    });
  const commit = (store: Store, batch: Batch, durability: Durability = "batched") =>
    assert.deepEqual(store.commit(batch, durability), { ok: true, value: undefined });

  on("a new store is empty and has no failure", ({ store }) => {
    assert.deepEqual(store.load(), { origins: [], remembered: [], meta: {} });
    const { commits, syncs, failure, movedAside } = store.state();
    assert.deepEqual([commits, syncs, failure, movedAside], [0, 0, undefined, undefined]);
  });

  on("what was committed is loaded, also after it was opened again", ({ store, reopen }) => {
    commit(store, put(ALPHA, "c1", entry("room", "21.5"), entry("who", "Ada")));
    commit(store, put(BETA, "c2", entry("room", "19")), "durable");
    const wanted = {
      origins: [
        { origin: ALPHA, coverage: "c1", entries: [entry("room", "21.5"), entry("who", "Ada")] },
        { origin: BETA, coverage: "c2", entries: [entry("room", "19")] },
      ],
      remembered: [],
      meta: {},
    };
    assert.deepEqual(inOrder(store.load()), inOrder(wanted));
    assert.deepEqual(inOrder(reopen().load()), inOrder(wanted));
  });

  on(
    "a later commit replaces, drops and forgets, and touches nothing else",
    ({ store, reopen }) => {
      commit(store, put(ALPHA, "c1", entry("a", "1"), entry("b", "1"), entry("c", "1")));
      commit(store, put(BETA, "c1", entry("a", "1")));
      const change = {
        origin: ALPHA,
        coverage: "c2",
        put: [entry("b", "2")],
        drop: ["c", "never"],
      };
      commit(store, { origins: [change], forget: [BETA, ORIGINS[3] as NodeId] });
      const origins = [
        { origin: ALPHA, coverage: "c2", entries: [entry("a", "1"), entry("b", "2")] },
      ];
      assert.deepEqual(inOrder(store.load()).origins, origins);
      assert.deepEqual(inOrder(reopen().load()).origins, origins);
    },
  );

  on("within one batch a drop follows a put, and forgetting follows all", ({ store }) => {
    const both = { origin: ALPHA, coverage: "c", put: [entry("a", "1")], drop: ["a"] };
    commit(store, { origins: [both, { ...both, origin: BETA }], forget: [BETA] });
    assert.deepEqual(store.load().origins, [{ origin: ALPHA, coverage: "c", entries: [] }]);
  });

  on("a forgotten origin begins anew when it is heard of again", ({ store, reopen }) => {
    commit(store, put(ALPHA, "c1", entry("old", "1")));
    commit(store, { forget: [ALPHA] }, "durable");
    commit(store, put(ALPHA, "c2", entry("new", "1")));
    const origins = [{ origin: ALPHA, coverage: "c2", entries: [entry("new", "1")] }];
    assert.deepEqual(reopen().load().origins, origins);
  });

  on("keeps peers and meta, the last word wins", ({ store, reopen }) => {
    const peer = (lastLinkedWallMs: number, ...addresses: string[]) => ({
      id: BETA,
      addresses: addresses as Address[],
      lastLinkedWallMs,
    });
    commit(store, {
      remember: [peer(1, "10.0.0.1:7001")],
      meta: { incarnation: "7", ["__proto__"]: "x" },
    });
    commit(store, {
      remember: [peer(2, "10.0.0.2:7001", "[fe80::1]:7001")],
      meta: { incarnation: "8" },
    });
    const { remembered, meta } = reopen().load();
    assert.deepEqual(remembered, [peer(2, "10.0.0.2:7001", "[fe80::1]:7001")]);
    assert.deepEqual(Object.entries(meta).sort(), [
      ["__proto__", "x"],
      ["incarnation", "8"],
    ]);
  });

  on("keys, bodies and coverage may be anything", ({ store, reopen }) => {
    const keys = [
      "",
      "\0",
      "a\0b",
      "Küche/Größe",
      "会議室",
      "👩‍💻",
      "e\u0301",
      "é",
      "'; DROP TABLE",
      "A",
      "a",
    ];
    const entries = keys.map((key) => entry(key, key));
    commit(
      store,
      put(ALPHA, "\0 ü", ...entries, { ...entry("empty", ""), body: new Uint8Array() }),
    );
    const [loaded] = reopen().load().origins;
    assert.equal(loaded?.coverage, "\0 ü");
    const bodies = new Map(loaded?.entries.map(({ key, body }) => [key, body]));
    for (const key of keys) assert.deepEqual(bodies.get(key), utf8(key), JSON.stringify(key));
    assert.deepEqual(bodies.get("empty"), new Uint8Array());
    assert.equal(bodies.size, keys.length + 1);
  });

  on("a large batch goes in whole", ({ store, reopen }) => {
    const many = Array.from({ length: 5_000 }, (_, at) => entry(`key-${at}`, "x".repeat(250)));
    commit(store, put(ALPHA, "c", ...many, entry("big", "y".repeat(8 * 1024))), "durable");
    const loaded = reopen().load().origins[0]?.entries ?? [];
    assert.equal(loaded.length, 5_001);
    assert.equal(loaded.find(({ key }) => key === "big")?.body.length, 8 * 1024);
  });

  on("nothing of a failed batch is in, and the next one goes in", ({ store, reopen, failing }) => {
    commit(store, put(ALPHA, "c1", entry("a", "1")), "durable");
    const before = inOrder(store.load());
    const failed = failing({
      ...put(ALPHA, "c2", entry("a", "2"), entry("b", "2")),
      meta: { m: "2" },
    });
    assert.equal(failed.ok, false);
    assert.equal(store.state().failure, failed.ok ? undefined : failed.error);
    assert.deepEqual(inOrder(store.load()), before);
    commit(store, put(BETA, "c3", entry("a", "3")));
    assert.equal(store.state().failure, undefined);
    const wanted = [
      ...before.origins,
      { origin: BETA, coverage: "c3", entries: [entry("a", "3")] },
    ];
    assert.deepEqual(inOrder(reopen().load()), inOrder({ ...before, origins: wanted }));
  });

  on("counts commits and those that waited for the disk", ({ store }) => {
    commit(store, put(ALPHA, "c", entry("a", "1")));
    assert.equal(store.state().syncs, 0);
    commit(store, put(ALPHA, "c", entry("a", "2")), "durable");
    commit(store, put(ALPHA, "c", entry("a", "3")));
    // Nothing in it, and still all before it must be on the card.
    commit(store, {}, "durable");
    const { commits, syncs } = store.state();
    assert.deepEqual([commits, syncs], [4, 2]);
  });

  on("a closed store takes nothing, and closing twice is fine", ({ store }) => {
    store.close();
    store.close();
    assert.deepEqual(store.commit({ meta: { a: "1" } }, "batched"), { ok: false, error: "broken" });
  });

  test(`${name}: any run of commits, opened again anywhere, is what a map would hold`, () => {
    fc.assert(
      fc.property(fc.array(step(), { maxLength: 25 }), (steps) => {
        const bench = makeBench();
        try {
          let store = bench.store;
          const model = new Model();
          for (const { batch, durability, reopen } of steps) {
            commit(store, batch, durability);
            model.apply(batch);
            if (reopen) store = bench.reopen();
          }
          assert.deepEqual(inOrder(store.load()), inOrder(model.snapshot()));
          assert.deepEqual(inOrder(bench.reopen().load()), inOrder(model.snapshot()));
        } finally {
          bench.dispose();
        }
      }),
      { numRuns: RUNS },
    );
  });
}

/** The simplest thing that could be right; shares nothing with the twin. */
class Model {
  private origins: Record<string, { coverage: string; rows: [string, StoredEntry][] }> = {};
  private peers: Snapshot["remembered"][number][] = [];
  private meta: [string, string][] = [];

  apply({ origins = [], forget = [], remember = [], meta = {} }: Batch): void {
    for (const { origin, coverage, put: entries, drop } of origins) {
      const had = this.origins[origin]?.rows ?? [];
      const last = entries.filter(
        (one, at) => !entries.slice(at + 1).some((e) => e.key === one.key),
      );
      const rows = had.filter(([key]) => !last.some((one) => one.key === key));
      rows.push(...last.map((one): [string, StoredEntry] => [one.key, one]));
      this.origins[origin] = { coverage, rows: rows.filter(([key]) => !drop.includes(key)) };
    }
    for (const origin of forget) delete this.origins[origin];
    for (const peer of remember) {
      this.peers = [...this.peers.filter(({ id }) => id !== peer.id), peer];
    }
    for (const [key, value] of Object.entries(meta)) {
      this.meta = [...this.meta.filter(([known]) => known !== key), [key, value]];
    }
  }

  snapshot(): Snapshot {
    const origins = Object.entries(this.origins).map(([origin, { coverage, rows }]) => ({
      origin: origin as NodeId,
      coverage,
      entries: rows.map(([, one]) => one),
    }));
    return { origins, remembered: this.peers, meta: Object.fromEntries(this.meta) };
  }
}

function step() {
  const text = fc.string({ unit: "binary", maxLength: 12 });
  const key = fc.oneof(fc.constantFrom("a", "b", "c"), text);
  const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
  const wallMs = fc.oneof(fc.nat(), fc.constantFrom(1_763_700_000_123, 0, 12.5, -86_400_000));
  const stored = fc.record(
    {
      key,
      body: bytes(0, 900),
      signature: bytes(64, 64),
      heardWallMs: wallMs,
    },
    PLAIN,
  );
  const origin = fc.constantFrom(...ORIGINS);
  const change = fc.record(
    {
      origin,
      coverage: text,
      put: fc.array(stored, { maxLength: 6 }),
      drop: fc.array(key, { maxLength: 3 }),
    },
    PLAIN,
  );
  const address = fc.constantFrom(
    "10.0.0.1:7001",
    "[fe80::2%eth0]:1",
    "pi.local:65535",
  ) as fc.Arbitrary<Address>;
  const batch = fc.record(
    {
      origins: fc.array(change, { maxLength: 3 }),
      forget: fc.array(origin, { maxLength: 1 }),
      remember: fc.array(
        fc.record(
          {
            id: origin,
            addresses: fc.array(address, { maxLength: 3 }),
            lastLinkedWallMs: wallMs,
          },
          PLAIN,
        ),
        { maxLength: 2 },
      ),
      meta: fc.dictionary(text, text, { maxKeys: 3, ...PLAIN }),
    },
    { requiredKeys: [], ...PLAIN },
  );
  return fc.record({
    batch: batch as fc.Arbitrary<Batch>,
    durability: fc.constantFrom<Durability>("batched", "durable"),
    reopen: fc.boolean(),
  });
}
