// Writes the valid samples of the corpus anew, after a format has changed. Samples that a run
// found are kept by hand, under names of their own.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "dns-packet";
import { utf8 } from "../../src/base/bytes.ts";
import { addressOf } from "../../src/base/id.ts";
import { recordsOf } from "../../src/link/discovery/records.ts";
import { calibrationKey, calibrationRecord } from "../../src/office/calibrations.ts";
import { claimKey, encodeClaim, encodeUnclaim, unclaimKey } from "../../src/office/claims.ts";
import { encodeReset, passagesKey, passagesRecord, resetKey } from "../../src/office/doors.ts";
import { lansRecord } from "../../src/office/probing.ts";
import {
  deviceKey,
  deviceRecord,
  linksRecord,
  NODE_KEY,
  nodeRecord,
  readingKey,
  readingRecord,
} from "../../src/office/records.ts";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import type { Message } from "../../src/overlay/messages.ts";
import { encodeBirth } from "../../src/replica/birth.ts";
import { IdentityTable } from "../../src/replica/entry-codec.ts";
import { vectorOf } from "../../src/replica/sync.ts";
import { ANNOUNCEMENT, V4 } from "../unit/discovery-bench.ts";
import { Site } from "../unit/office-site.ts";
import { ADMISSION_SAMPLES } from "./targets-admissions.ts";
import { JOIN_SAMPLES } from "./targets-join.ts";
import { ROWS } from "./targets-mesh.ts";
import { spoken } from "./targets-neighbours.ts";
import { UCAN_SAMPLES } from "./targets-ucan.ts";
import { BIRTH, CREDENTIAL, HELLO, joined, MEMBER, ROOT } from "./targets-wire.ts";

const table = new IdentityTable();
const frames = createFrameCodec(table);

function write(parser: string, samples: Readonly<Record<string, Uint8Array | string>>): void {
  const folder = join("test/fuzz/corpus", parser);
  mkdirSync(folder, { recursive: true });
  for (const [name, content] of Object.entries(samples)) writeFileSync(join(folder, name), content);
}

const MAC = "3c:22:fb:01:02:03";
const site = new Site(2, "kitchen-pi");
const said: Readonly<Record<string, readonly [string, Uint8Array]>> = {
  node: [
    NODE_KEY,
    nodeRecord.encode({
      name: "kitchen-pi",
      room: "kitchen",
      version: "0.1.0",
      addresses: ["192.0.2.7:7946"],
      api: ["http://192.0.2.7:8080"],
    }),
  ],
  links: ["links", linksRecord.encode({ active: [MEMBER.publicKey] })],
  reading: [
    readingKey("climate", "temperature"),
    readingRecord.encode({
      value: 21.5,
      room: "kitchen",
      ageMs: 20,
      everyMs: 60_000,
      simulated: undefined,
      restored: undefined,
      stillMs: undefined,
    }),
  ],
  passages: [
    passagesKey("kitchen", "door"),
    passagesRecord.encode({ ins: 3, outs: 1, run: "0a1b2c3d4e5f6071", quietMs: 5 }),
  ],
  reset: [resetKey("kitchen"), encodeReset(new Map([[site.self, { plus: 2, minus: 1 }]]))],
  device: [
    deviceKey(MAC),
    deviceRecord.encode({ ips: ["192.0.2.9", "fe80::9"], confirmedMs: 5, presentMs: 60_000 }),
  ],
  claim: [claimKey(MAC, 1), encodeClaim("Ana Maria")],
  calibration: [
    calibrationKey("climate", "temperature"),
    calibrationRecord.encode({ offset: -1.2 }),
  ],
};
for (const [key, value] of Object.values(said)) site.write(key, value, 20);
site.write(
  unclaimKey(MAC),
  encodeUnclaim(site.replica, site.self, MAC, [{ origin: site.self, tag: 1 }]),
  30,
);
const held = [...(site.replica.state(site.self)?.rows.values() ?? [])].map(({ entry }) => entry);
const [first, ...others] = held;
if (first === undefined) throw new Error("the site says nothing");

const peer = { id: MEMBER.id, addresses: [addressOf("192.0.2.7", 7946)] };
const round = 1;
const messages: readonly Message[] = [
  { type: "join", addresses: peer.addresses },
  { type: "forward-join", joiner: peer, ttl: 6 },
  { type: "neighbor", priority: "high", addresses: peer.addresses },
  { type: "neighbor-reply", answer: "accepted", contacts: [peer] },
  { type: "disconnect", contacts: [peer] },
  { type: "shuffle", origin: peer, ttl: 6, peers: [peer, { id: ROOT.id, addresses: [] }] },
  { type: "shuffle-reply", peers: [peer] },
  { type: "ping", nonce: 7 },
  { type: "pong", nonce: 7 },
  { type: "gossip", rumours: held.map((entry) => ({ entry, round })) },
  { type: "ihave", announcements: [{ origin: site.self, dot: first.dot, round }] },
  { type: "graft", wanted: [{ origin: site.self, dot: first.dot, round }] },
  { type: "prune" },
  { type: "digest", digest: site.replica.digest() },
  { type: "vector", rows: [...vectorOf(site.replica).values()], exchange: "both-ways" },
  {
    type: "delta",
    origin: site.self,
    from: { incarnation: 0, seq: 0 },
    to: others.at(-1)?.dot ?? first.dot,
    entries: held,
    rest: "none",
  },
];
const encoded = messages.map((message) => frames.encode(message));
const named = Object.fromEntries(
  messages.map(({ type }, at) => [`valid-${type}`, encoded[at] ?? new Uint8Array()]),
);
const of = (...types: readonly Message["type"][]) =>
  joined(types.map((type) => encoded[messages.findIndex((one) => one.type === type)] ?? HELLO));

write("frame", { ...named, empty: "", "newer-type": Uint8Array.of(2, 99, 8, 1) });
write("entry", Object.fromEntries(held.map(({ body }, at) => [`valid-${at}`, body])));
write("birth", { valid: BIRTH, "valid-twin": encodeBirth({ ...birthOf(), twin: 1 }) });
write("hello", { valid: HELLO, empty: "" });
write("membership", { valid: CREDENTIAL, empty: "", zeros: new Uint8Array(128) });
write("handshake", {
  valid: joined([HELLO, ...encoded]),
  silent: "",
  twice: joined([HELLO, HELLO]),
});
write("overlay", {
  "valid-tree": of("join", "delta", "gossip", "ihave", "graft", "prune", "ping"),
  "valid-walks": of("neighbor", "forward-join", "shuffle", "shuffle-reply", "disconnect"),
  "valid-repair": of("neighbor-reply", "digest", "vector", "delta", "digest", "pong"),
});
write(
  "office",
  Object.fromEntries(
    Object.entries(said).map(([name, [key, value]]) => [
      `valid-${name}`,
      ROWS.said.encode({ key, value, wallMs: 1_790_000_000_000 }),
    ]),
  ),
);
const rowsOf = held.map(({ key, dot, body, signature }) =>
  ROWS.row.encode({ key: `${key} @${dot.incarnation}`, body, signature }),
);
const coverage = site.replica.state(site.self)?.coverage() ?? "";
write("stored-rows", { valid: ROWS.rows.encode({ coverage, row: rowsOf }) });
write("dns-sd", {
  "valid-answer": encode({ type: "response", answers: [...recordsOf(ANNOUNCEMENT, V4)] }),
  "valid-question": encode({
    type: "query",
    questions: [{ name: "_watercooler._tcp.local", type: "PTR" }],
  }),
  printer: encode({
    type: "response",
    answers: [
      { type: "TXT", name: "printer._ipp._tcp.local", data: ["rp=ipp", "ty=Printer"] },
      { type: "A", name: "printer.local", data: "10.0.0.77" },
    ],
  }),
});

const { toBob, toCarol, token, revocation } = UCAN_SAMPLES;
write("dag-cbor", {
  "valid-token": toCarol.bytes,
  "valid-map": Uint8Array.of(0xa2, 0x61, 0x61, 0x01, 0x61, 0x62, 0x82, 0xf6, 0xf5),
  "long-length": Uint8Array.of(0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
  deep: new Uint8Array(5_000).fill(0x81),
});
write("ucan-token", { "valid-root": toBob.bytes, "valid-limited": toCarol.bytes, empty: "" });
write("ucan-container", { valid: revocation, "valid-text": token });
write("ucan-request", { valid: token, empty: "", dots: "eyJhbGciOiJub25lIn0.e30." });
write("revocation", { valid: revocation });
write("join", {
  "valid-greeting": JOIN_SAMPLES.greeting(ROOT.publicKey, CREDENTIAL),
  "valid-request": JOIN_SAMPLES.request,
  "valid-answer": JOIN_SAMPLES.answer(CREDENTIAL),
});
write("codes", {
  "valid-code": JOIN_SAMPLES.code,
  "valid-typed": JOIN_SAMPLES.code.toLowerCase().replaceAll("-", " "),
  long: "7".repeat(5_000),
});

write("admissions", ADMISSION_SAMPLES.said);
write("forget-token", ADMISSION_SAMPLES.tokens);

write("serial", {
  valid:
    '{"hello":"box","firmware":"1.0"}\n{"sensor":"noise","kind":"sound","value":41.5}\n' +
    '{"kind":"motion","value":true}\r\n{"sensor":"t","kind":"temperature","value":-3e1}\n',
  noise: '\u0000\u0001ready>\n{}\n[]\n\n\r\n{"kind":',
  long: `{"sensor":"${"a".repeat(600)}"}\n`,
});
write("ip-neigh", {
  "valid-json": JSON.stringify([
    { dst: "192.0.2.9", dev: "eth0", lladdr: MAC, confirmed: 3, state: ["REACHABLE"] },
    { dst: "fe80::9", dev: "eth0", lladdr: MAC, router: null, confirmed: 0, state: ["STALE"] },
    { dst: "192.0.2.8", dev: "lo", state: ["FAILED"] },
  ]),
  "valid-proc":
    "IP address       HW type     Flags       HW address            Mask     Device\n" +
    `192.0.2.9        0x1         0x2         ${MAC}     *        eth0\n`,
});
write("ask", {
  en: "who is at the office?",
  "en-room": "meeting room temp",
  "en-set": "set the kitchen to 21.5",
  "en-where": "where is Ana Maria",
  "en-device": "i am 3c:22:fb:01:02:03",
  pt: "quem está na sala de reunião? qual a temperatura na cozinha",
  many: "a b c d e f g h i j k l m n o p q r s t u v w x y z is in on at the who",
});
write("host", {
  name: "kitchen-pi.local:8080",
  v4: "127.0.0.1:80",
  v6: "[::ffff:127.0.0.1]:8080",
  zone: "[fe80::1%eth0]:8080",
  origin: "http://evil.example",
  dotted: "localhost.",
});
write("names", {
  id: MEMBER.id,
  v4: "192.0.2.7:7946",
  v6: "[2001:db8::7]:7946",
  zone: "[fe80::1%eth0]:1",
});
write("http", {
  get: "GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  post:
    "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
    'Content-Length: 49\r\nConnection: close\r\n\r\n{"sensor":"desk","kind":"temperature","value":21}',
  chunked:
    "PUT /v1/targets/kitchen/temperature HTTP/1.1\r\nHost: localhost\r\n" +
    "Content-Type: application/json\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" +
    'c\r\n{"value":21}\r\n0\r\n\r\n',
  socket:
    "GET /v1/live HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  continue:
    "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" +
    "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n[]",
  tls: Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03),
});
write("http-request", {
  push: 'POST /v1/readings\n[{"sensor":"desk","kind":"temperature","value":21,"room":"lab"}]',
  target: 'PUT /v1/targets/kitchen/temperature\n{"value":21.5}',
  clear: "DELETE /v1/targets/kitchen/temperature\n",
  person: `PUT /v1/people/Ana%20Maria/devices/${MAC}\n`,
  calibrate: 'PUT /v1/sensors/climate/calibration\n{"kind":"temperature","raw":20,"reference":21}',
  ask: "GET /v1/ask?q=kitchen+temp\n",
  readings: "GET /v1/readings?room=kitchen&kind=temperature&node=kitchen-pi\n",
  facts: "GET /v1/facts?entity=room&attribute=temperature\n",
  room: "GET /v1/rooms/kitchen\n",
  file: "GET /assets/../..%2f..%2fetc/passwd\n",
});
const YAML = `node:
  name: meeting-room-pi
  room: meeting-room
mesh:
  listen: "0.0.0.0:7946"
  peers: ["192.0.2.1:7946"]
  active_view: 5
api:
  listen: "0.0.0.0:8080"
sensors:
  - platform: bme280
    name: climate
    i2c_bus: 1
    address: 0x76
    update_interval: 10s
    temperature: { filters: [ { offset: -1.2 }, { median: 5 }, { delta: 0.1 } ] }
  - platform: gpio
    name: door
    pin: 17
    kind: motion
neighbours: { record: all, keep: 24h }
advice:
  - { kind: temperature, above: 24, say: "You might want to turn the AC on." }
`;
write("config", {
  valid: YAML,
  empty: "",
  aliases: "a: &a [1, 2]\nb: &b [*a, *a, *a]\nc: &c [*b, *b, *b, *b]\nd: [*c, *c, *c, *c, *c]\n",
  merge: "node: &n { name: a }\nmesh: { <<: *n }\n",
  tags: "node: !!binary aGVsbG8=\nmesh: !!set {a, b}\n",
  tabs: "node:\n\tname: a\n",
  two: "node: {}\n---\nmesh: {}\n",
  deep: `a: ${"[".repeat(200)}${"]".repeat(200)}\n`,
});

function birthOf() {
  return {
    base: 3,
    supersedes: { incarnation: 2 ** 33, seq: 4 },
    credential: CREDENTIAL.length > 0 ? CREDENTIAL : utf8("member"),
    boot: "ffeeddccbbaa9988",
    answers: 2 ** 33 + 1,
    moved: 1,
  };
}

const proofs = { agesMs: [5, 9_000], versions: [7, 3] };
const device = deviceRecord.encode({ ips: ["192.0.2.9", "2001:db8::9"], confirmedMs: 5, proofs });
const lans = lansRecord.encode({ lans: ["192.0.2.0/24", "2001:db8::/64"] });
write("devices", { valid: spoken.encode({ device, lans }), empty: "" });
const lease = `lease 192.0.2.9 {
  starts 4 2026/11/19 11:00:00;
  ends 4 2026/11/19 13:00:00;
  binding state active;
  hardware ethernet ${MAC};
  client-hostname "anas-phone";
}
`;
write("dhcp-leases", {
  "valid-dnsmasq": `1795082400 ${MAC} 192.0.2.9 anas-phone *\n`,
  "valid-isc": lease,
  "valid-networkd": JSON.stringify({
    Leases: [
      {
        HardwareAddress: [0x3c, 0x22, 0xfb, 1, 2, 3],
        Address: [192, 0, 2, 9],
        Hostname: "anas-phone",
        ExpirationUSec: 72_338_380_895,
      },
    ],
  }),
});
