import { decode } from "dns-packet";
import { parseIpNeigh, parseProcArp } from "../../firmware-bridge/src/ip-neigh-parse.ts";
import { JsonLines } from "../../firmware-bridge/src/json-lines.ts";
import { readSerialLine } from "../../firmware-bridge/src/serial-line.ts";
import { canonicalAddress, isCrossSite, isOwnHost, parseHost } from "../../src/api/door.ts";
import { parseListen } from "../../src/api/listen.ts";
import { fromUtf8 } from "../../src/base/bytes.ts";
import { checkConfig } from "../../src/config/check.ts";
import { sightingsIn } from "../../src/link/discovery/records.ts";
import { isSober } from "../../src/link/discovery/sober-packet.ts";
import type { Incoming } from "../../src/link/discovery/socket.ts";
import { answerQuestion } from "../../src/office/ask/answer.ts";
import { KIND_NAMES } from "../../src/reading/kind.ts";
import { node, reading } from "../integration/api-fake-office.ts";
import { onBench, TAG, V4 } from "../unit/discovery-bench.ts";
import { type FuzzTarget, hold } from "./target.ts";

const textOf = (input: Uint8Array) => Buffer.from(input).toString("utf8");

const config: FuzzTarget = {
  name: "config",
  form: "text",
  // Eight times that is read: test/unit/config-size has what takes longest of it.
  bytesMax: 8 * 1024,
  words: [
    "node",
    "mesh",
    "api",
    "sensors",
    "platform",
    "filters",
    "10s",
    "5min",
    "0.0.0.0:1",
    "off",
  ],
  take: async (input) => {
    const text = fromUtf8(input);
    if (text === undefined) return;
    const checked = await checkConfig("x.yaml", text);
    if (checked.ok) return;
    hold(checked.error.length > 0, "refused without a reason");
    hold(
      checked.error.every((line) => !/\p{Cc}/u.test(line) && line.length < 1_000),
      `a reason that is no line: ${checked.error.join("|").slice(0, 500)}`,
    );
  },
};

const serial: FuzzTarget = {
  name: "serial",
  form: "text",
  // What a line of 115,200 baud brings in 0.2 s: more never comes at once.
  bytesMax: 2 * 1024,
  words: ["sensor", "kind", "value", "hello", "firmware", ...KIND_NAMES],
  take: (input) => {
    const lines = new JsonLines();
    const middle = Math.floor(input.length / 2);
    const events = [
      ...lines.feed(input.subarray(0, middle)),
      ...lines.feed(input.subarray(middle)),
      ...lines.feed(Uint8Array.of(10)),
    ];
    for (const event of events) {
      if (event.type !== "line") continue;
      const line = readSerialLine("box", event.value);
      if (line.type === "reading") hold(Number.isFinite(line.value), "a value that is no number");
      if (line.type === "hello") hold(/^[ -~]*$/.test(line.name + line.firmware), "a rude hello");
    }
  },
};

const neighbours: FuzzTarget = {
  name: "ip-neigh",
  form: "text",
  words: ["dst", "dev", "lladdr", "state", "REACHABLE", "STALE", "confirmed", "eth0", "lo"],
  take: (input) => {
    const text = textOf(input);
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = undefined;
    }
    for (const one of [...parseIpNeigh(answer, []), ...parseProcArp(text, [])]) {
      hold(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(one.mac), `${one.mac} is no MAC`);
      hold(one.confirmedMs >= 0, "a time before its own");
    }
  },
};

const QUESTION_VIEW = {
  rooms: ["kitchen", "meeting-room", "lab"].map((room) => ({
    room,
    readings: [reading({ kind: "temperature", room }), reading({ kind: "co2", room, value: 600 })],
    targets: [],
    motion: undefined,
    count: undefined,
  })),
  nodes: [node(1, "kitchen-pi"), node(2, "lab-pi")],
  devices: [],
  people: [{ person: "Ana Maria", isIn: true, ageMs: 5, seenBy: [] }],
  targets: [],
  audience: "all",
} as const;

const questions: FuzzTarget = {
  name: "ask",
  form: "text",
  words: [
    "who",
    "is",
    "where",
    "temperature",
    "kitchen",
    "quem",
    "sala",
    "3c:22:fb:01:02:03",
    "24",
  ],
  take: (input) => {
    const { text } = answerQuestion(textOf(input), QUESTION_VIEW);
    hold(text !== "", "no answer");
  },
};

const OWN = { hostName: "kitchen-pi", addresses: [] } as unknown as Parameters<typeof isOwnHost>[1];

const door: FuzzTarget = {
  name: "host",
  form: "text",
  words: ["localhost", "kitchen-pi.local", "127.0.0.1", "[::1]", ":8080", "http://", "null"],
  take: (input) => {
    const text = Buffer.from(input).toString("latin1");
    const host = parseHost(text);
    hold(host === undefined || /^[\w.:-]*$/.test(host.name), "a name of other letters");
    isOwnHost(text, OWN, ["office.example"]);
    isCrossSite({ origin: text, host: "localhost" });
    canonicalAddress(text);
    parseListen(text);
  },
};

/** Packets of multicast DNS: the library's reading of them, and ours of its. */
const dns: FuzzTarget = {
  name: "dns-sd",
  form: "bytes",
  take: (input) => {
    if (!isSober(input)) return;
    let packet: Incoming;
    try {
      packet = decode(Buffer.from(input)) as unknown as Incoming;
    } catch {
      // The socket drops what the library can't read, and counts it.
      return;
    }
    const { answers = [], additionals = [] } = packet;
    sightingsIn([...answers, ...additionals], TAG, V4);
    const { responder, querier } = onBench();
    responder.announce();
    querier.begin();
    responder.onResponse(packet);
    responder.onQuery(packet, "10.0.0.9");
    querier.onQuery(packet, "10.0.0.9");
    responder.close();
    querier.close();
  },
};

export const TEXT_TARGETS = [config, serial, neighbours, questions, door, dns];
