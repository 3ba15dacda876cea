import assert from "node:assert/strict";
import test from "node:test";
import { type Answer, decode, encode } from "dns-packet";
import fc from "fast-check";
import {
  fingerprintOf,
  instanceOf,
  knownAnswer,
  RECORDS_MAX,
  recordsOf,
  SERVICE,
  sightingsIn,
  TTL_S,
} from "../../src/link/discovery/records.ts";
import type { Incoming } from "../../src/link/discovery/socket.ts";
import {
  ANNOUNCEMENT,
  ID,
  idOf,
  onBench,
  overTheWire,
  question,
  recordsIn,
  TAG,
  V4,
  V6,
} from "./discovery-bench.ts";

test("records survive the wire, IPv4 and IPv6, and tell nothing personal", () => {
  for (const [segment, address] of [
    [V4, "10.0.0.1:7946"],
    [V6, "[fe80::1%eth0]:7946"],
  ] as const) {
    const answers = [...recordsOf(ANNOUNCEMENT, segment)];
    const records = recordsIn(overTheWire({ type: "response", answers }));
    const found = sightingsIn(records, TAG, segment);
    assert.deepEqual(found.sightings, [
      { id: ID, instance: instanceOf(ID), addresses: [address], ttlS: TTL_S },
    ]);
    assert.equal(found.malformed + found.otherMesh + found.foreign, 0);
    const shouted = records.map((record) => ({ ...record, name: record.name.toUpperCase() }));
    assert.deepEqual(sightingsIn(shouted as Answer[], TAG, segment), found, "case is of no matter");
  }
  const fingerprint = fingerprintOf(ID);
  assert.match(fingerprint, /^[0-9a-f]{16}$/);
  const said = recordsOf(ANNOUNCEMENT, V4).map(({ name, ...rest }) => [
    name,
    (rest as { data?: unknown }).data,
  ]);
  assert.deepEqual(said, [
    [SERVICE, `${fingerprint}.${SERVICE}`],
    [`${fingerprint}.${SERVICE}`, { port: 7946, target: `${fingerprint}.local` }],
    [`${fingerprint}.${SERVICE}`, [`id=${ID}`, `mesh=${TAG}`, "v=1"]],
    [`${fingerprint}.local`, "10.0.0.1"],
    ["_services._dns-sd._udp.local", SERVICE],
  ]);
});

test("only where the mesh port listens is anything announced, and questions go out anyway", () => {
  const told = (host: string) =>
    [V4, V6].map((segment) => recordsOf({ ...ANNOUNCEMENT, host }, segment).length > 0);
  assert.deepEqual(told("::"), [true, true]);
  assert.deepEqual(told("0.0.0.0"), [true, false]);
  assert.deepEqual(told("10.0.0.1"), [true, false]);
  assert.deepEqual(told("fe80::1%eth0"), [false, true]);
  assert.deepEqual(told("127.0.0.1"), [false, false]);
  assert.deepEqual(told("pi.local"), [true, true], "a name may stand for any address");
  const { responder, timers, sent } = onBench([]);
  responder.announce();
  responder.onQuery(question, "a");
  let done = 0;
  responder.goodbye(() => {
    done += 1;
  });
  timers.advance(60_000);
  assert.deepEqual([sent.length, done], [0, 1]);
});

test("another mesh, forged names, far addresses and mad ports make no hint", () => {
  const sound = recordsOf(ANNOUNCEMENT, V4);
  assert.equal(sightingsIn(sound, "another", V4).otherMesh, 1);
  const forged = recordsOf({ ...ANNOUNCEMENT, id: idOf(2) }, V4).map((record) =>
    record.type === "TXT" ? { ...record, data: [`id=${ID}`, `mesh=${TAG}`] } : record,
  );
  assert.equal(sightingsIn(forged, TAG, V4).malformed, 1, "a name that is not the id's");
  for (const address of ["8.8.8.8", "10.0.1.1", "127.0.0.1", "rubbish"]) {
    const far = recordsOf(ANNOUNCEMENT, { ...V4, address });
    assert.deepEqual(sightingsIn(far, TAG, V4).sightings, []);
    assert.equal(sightingsIn(far, TAG, V4).foreign, 1, address);
  }
  for (const port of [0, -1, 65_536, 1.5, Number.NaN]) {
    const mad = recordsOf({ ...ANNOUNCEMENT, port }, V4);
    assert.equal(sightingsIn(mad, TAG, V4).malformed, 1, `port ${port}`);
  }
  const many = Array.from({ length: RECORDS_MAX + 1 }, () => sound[0] as Answer);
  assert.deepEqual(sightingsIn(many, TAG, V4).malformed, 1);
});

test("whatever comes in, nothing throws", () => {
  const { responder, querier } = onBench();
  const feed = (packet: Incoming) => {
    sightingsIn(recordsIn(packet), TAG, V4);
    responder.onQuery(packet, "10.0.0.9");
    responder.onResponse(packet);
    querier.onQuery(packet, "10.0.0.9");
  };
  const sound = encode({ type: "response", answers: [...recordsOf(ANNOUNCEMENT, V4)] });
  let fed = 0;
  const tryBytes = (bytes: Uint8Array) => {
    let packet: Incoming;
    try {
      packet = decode(Buffer.from(bytes)) as unknown as Incoming;
    } catch {
      return; // The library counts it as malformed.
    }
    fed += 1;
    feed(packet);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), tryBytes));
  const flips = fc.array(fc.tuple(fc.nat(sound.length - 1), fc.nat(255)), { maxLength: 6 });
  fc.assert(
    fc.property(flips, (places) => {
      const bytes = Uint8Array.from(sound);
      for (const [place, value] of places) bytes[place] = value;
      tryBytes(bytes);
    }),
    { numRuns: 2_000 },
  );
  assert.ok(fed > 500, `${fed} packets got through the decoder`);
  const name = fc.constantFrom(SERVICE, instanceOf(ID), "", `x.${SERVICE}`);
  const type = fc.constantFrom("TXT", "SRV", "A", "AAAA", "PTR", "OPT");
  const record = fc.record({ name, type, ttl: fc.anything(), data: fc.anything() });
  fc.assert(
    fc.property(fc.array(record), (records) => {
      // The decoder's types are promises that a hostile packet need not keep.
      feed({ questions: [{ name: SERVICE, type: "PTR" }], answers: records as Answer[] });
    }),
  );
});

test("a responder announces twice, a second apart, and again where the network refused", () => {
  const { responder, timers, sent, bench } = onBench();
  bench.failure = new Error("EADDRNOTAVAIL");
  responder.announce();
  timers.advance(600_000);
  const tries = sent.splice(0).length;
  assert.ok(tries >= 10 && tries <= 20, `tried ${tries} times in ten minutes`);
  bench.failure = undefined;
  timers.advance(600_000);
  assert.equal(sent.splice(0).length, 2, "it counts only what the network took");
  onCalmNetwork();
});

function onCalmNetwork(): void {
  const { responder, timers, sent } = onBench();
  responder.announce();
  timers.advance(600_000);
  assert.equal(sent.length, 2);
  const gapMs = (sent[1]?.atMs ?? 0) - (sent[0]?.atMs ?? 0);
  assert.ok(gapMs >= 900 && gapMs <= 1_100);
}

test("an answer waits 20 to 120 ms, serves all who asked, and is not said twice a second", () => {
  const { responder, timers, sent, clock } = onBench();
  const askedMs = clock.monotonicMs();
  for (const source of ["a", "b", "c"]) responder.onQuery(question, source);
  timers.advance(500);
  assert.equal(sent.length, 1);
  const [first] = sent;
  assert.ok(first !== undefined && first.atMs - askedMs >= 20 && first.atMs - askedMs <= 120);
  assert.deepEqual(
    first.packet.answers?.map((answer) => answer.type),
    ["PTR"],
  );
  assert.deepEqual(
    first.packet.additionals?.map((answer) => answer.type),
    ["SRV", "TXT", "A"],
  );
  responder.onQuery(question, "d");
  timers.advance(5_000);
  assert.equal(sent.length, 2);
  assert.ok((sent[1]?.atMs ?? 0) - first.atMs >= 1_000);
});

test("known answers silence a responder, old or others' ones don't", () => {
  const knows = (id: typeof ID, ttlS: number) => {
    const { responder, timers, sent } = onBench();
    responder.onQuery({ ...question, answers: [knownAnswer(instanceOf(id), ttlS)] }, "a");
    timers.advance(5_000);
    return sent.length;
  };
  assert.equal(knows(ID, TTL_S), 0);
  assert.equal(knows(ID, TTL_S / 2), 0);
  assert.equal(knows(ID, TTL_S / 2 - 1), 1);
  assert.equal(knows(idOf(2), TTL_S), 1);
});

test("known answers that follow a truncated question are waited for", () => {
  const { responder, timers, sent } = onBench();
  const more = { type: "query" as const, answers: [knownAnswer(instanceOf(ID), TTL_S)] };
  responder.onQuery({ ...question, flag_tc: true }, "a");
  timers.advance(200);
  responder.onQuery(more, "a");
  timers.advance(5_000);
  assert.equal(sent.length, 0);
  responder.onQuery({ ...question, flag_tc: true }, "a");
  responder.onQuery(question, "b");
  responder.onQuery(more, "a");
  timers.advance(5_000);
  assert.equal(sent.length, 1, "b did not know");
});

test("an answer that another just gave is not given again", () => {
  const { responder, timers, sent } = onBench();
  responder.onQuery(question, "a");
  responder.onResponse({ answers: [knownAnswer(instanceOf(ID), TTL_S)] });
  timers.advance(5_000);
  assert.equal(sent.length, 0);
  responder.onQuery(question, "a");
  responder.onResponse({ answers: [knownAnswer(instanceOf(ID), 1)] });
  timers.advance(5_000);
  assert.equal(sent.length, 1, "one that lives less long is no answer");
});

test("only what was asked is answered, and the service types are listed", () => {
  const { responder, timers, sent } = onBench();
  const ask = (name: string, type: "A" | "PTR" | "SRV") => {
    responder.onQuery({ questions: [{ name, type }] }, "a");
    timers.advance(3_000);
    return sent.splice(0).flatMap(({ packet }) => recordsIn(packet).map((record) => record.type));
  };
  assert.deepEqual(ask(`${fingerprintOf(ID)}.local`, "A"), ["A"]);
  assert.deepEqual(ask(instanceOf(ID), "SRV"), ["SRV"]);
  assert.deepEqual(ask("_services._dns-sd._udp.local", "PTR"), ["PTR"]);
  assert.deepEqual(ask(instanceOf(idOf(2)), "SRV"), []);
  assert.deepEqual(ask("_ipp._tcp.local", "PTR"), []);
});

test("a thousand questions in 15 s stay within the budget", () => {
  const { responder, timers, sent } = onBench();
  for (let n = 0; n < 1_000; n++) {
    responder.onQuery(question, `${n % 30}`);
    timers.advance(15);
  }
  assert.ok(sent.length > 5 && sent.length <= 16, `${sent.length}`);
});

test("a goodbye takes all records back, once, and ends the rest", () => {
  const { responder, timers, sent } = onBench();
  responder.announce();
  responder.onQuery(question, "a");
  sent.splice(0);
  let done = 0;
  responder.goodbye(() => {
    done += 1;
  });
  timers.advance(60_000);
  assert.equal(done, 1);
  assert.equal(sent.length, 1);
  const records = recordsIn(sent[0]?.packet ?? {});
  assert.deepEqual(sightingsIn(records, TAG, V4).sightings[0]?.ttlS, 0);
  assert.ok(records.every((record) => (record as { ttl?: number }).ttl === 0));
  assert.ok(
    records.every(({ name }) => !name.startsWith("_services")),
    "others have that type too",
  );
});
