import {
  deviceDocument,
  factDocument,
  nodeDocument,
  personDocument,
  roomDocument,
} from "../../src/api/documents.ts";
import { metricsText, readingMetrics } from "../../src/api/metrics.ts";
import { addressOf, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { ManualClock } from "../../src/base/time.ts";
import { bytes, many, optional, type RecordOf, record, text, uint } from "../../src/base/tlv.ts";
import { FRAME_BYTES_MAX } from "../../src/link/port.ts";
import { Persistence } from "../../src/node/persistence.ts";
import { calibrationsOf } from "../../src/office/calibrations.ts";
import { claimWithdrawal, ownersByMac } from "../../src/office/claims.ts";
import { factsOf } from "../../src/office/facts.ts";
import { deviceViews } from "../../src/office/network.ts";
import { nodeViews } from "../../src/office/nodes.ts";
import { occupancies } from "../../src/office/occupancy.ts";
import { personViews } from "../../src/office/people.ts";
import { readingViews, roomViews } from "../../src/office/rooms.ts";
import { targetViews } from "../../src/office/targets.ts";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import { Overlay } from "../../src/overlay/overlay.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { Replica } from "../../src/replica/replica.ts";
import { simHash } from "../../src/sim/trust.ts";
import { MemoryStore } from "../../src/store/memory.ts";
import { Site } from "../unit/office-site.ts";
import { type FuzzTarget, hold } from "./target.ts";
import { pieces } from "./targets-wire.ts";

const table = new IdentityTable();
const frames = createFrameCodec(table);
const entries = createEntryCodec(table);
const idOf = (number: number) => nodeIdOfKey(new Uint8Array(32).fill(number));
const [SELF, PEER, OTHER] = [idOf(1), idOf(2), idOf(3)] as const;
const HOUR_MS = 3_600_000;

/** A replica that believes every signature: a member may sign whatever it likes. */
function trusting(): Replica {
  const ports = { hash: simHash, verify: () => true, admit: () => true };
  return new Replica({ ...ports, withdrawal: claimWithdrawal });
}

/** Frames of one member in a row, at a node with two neighbours. */
const overlay: FuzzTarget = {
  name: "overlay",
  form: "bytes",
  take: (input) => {
    const replica = trusting();
    const clock = new ManualClock();
    const node = new Overlay({
      self: SELF,
      addresses: () => [addressOf("192.0.2.1", 7946)],
      replica,
      parameters: DEFAULT_PARAMETERS,
      random: new SeededRandom(1),
      clock,
      silent: () => [],
    });
    let nowMs = 1_000;
    for (const id of [PEER, OTHER]) {
      node.handle({ type: "link-up", peer: { id, addresses: [] } }, nowMs);
    }
    for (const frame of pieces(input)) {
      const message = frames.decode(frame);
      if (!message.ok) continue;
      nowMs += 50;
      const event = { type: "message", from: PEER, message: message.value } as const;
      for (const heard of [event, { type: "wake" } as const]) {
        for (const effect of node.handle(heard, nowMs)) {
          if (effect.type !== "send") continue;
          const bytes = frames.encode(effect.message);
          hold(bytes.length <= FRAME_BYTES_MAX, `a ${effect.message.type} too long to be sent`);
          hold(frames.decode(bytes).ok, `a ${effect.message.type} that no node can read`);
        }
      }
      const { active, passive } = node.membership.views;
      hold(active.size <= DEFAULT_PARAMETERS.activeMax, "too many neighbours");
      hold(passive.size <= DEFAULT_PARAMETERS.passiveMax, "too many known");
      hold(!active.has(SELF) && !passive.has(SELF), "it is its own peer");
    }
    replica.digest();
  },
};

const saidFields = { key: text(1, 160), value: optional(bytes(2, 8_192)), wallMs: uint(3) };
const said = record(saidFields);
type Said = RecordOf<typeof saidFields>;

/** A replica in which a member says this, with a name that it has. */
export function heard({ key, value, wallMs }: Said): Replica {
  const replica = trusting();
  const site = new Site(1, "liar");
  for (const held of site.replica.state(site.self)?.rows.values() ?? []) {
    replica.join(held.entry, 5, HOUR_MS);
  }
  const dot = { ...(replica.state(site.self)?.position() ?? { incarnation: 1 }), seq: 9 };
  const content = { origin: site.self, key, dot, stamp: { wallMs, counter: 0 }, value };
  const entry = entries.decode(entries.encode(content), new Uint8Array(64));
  if (entry.ok) replica.join(entry.value, 10, HOUR_MS);
  return replica;
}

/** What a member says under any key, and all that the office makes of it. */
const office: FuzzTarget = {
  name: "office",
  form: "bytes",
  take: (input) => {
    const decoded = said.decode(input);
    if (!decoded.ok || decoded.value.key === "birth") return;
    const replica = heard(decoded.value);
    const self = idOf(1);
    const nowMs = 1_000;
    const readings = readingViews(replica, self, nowMs);
    const nodes = nodeViews(replica, self, nowMs);
    const rooms = roomViews(
      readings,
      nodes.map(({ room }) => room),
      targetViews(replica),
      occupancies(replica, self, readings, { halfLifeMs: HOUR_MS, nowMs }),
    );
    const owners = ownersByMac(replica);
    const devices = deviceViews(replica, HOUR_MS, nowMs).map((device) => ({
      ...device,
      owners: owners.get(device.mac) ?? [],
    }));
    const spans = { keepMs: HOUR_MS, awayAfterMs: HOUR_MS };
    const people = personViews(replica, spans, { monotonicMs: nowMs, wallMs: HOUR_MS });
    const documents = [
      rooms.map(roomDocument),
      nodes.map(nodeDocument),
      devices.map(deviceDocument),
      people.map(personDocument),
      factsOf(replica, nowMs).map(factDocument),
      calibrationsOf(replica, self),
    ];
    JSON.stringify(documents, (_, value: unknown) => {
      hold(typeof value !== "number" || Number.isFinite(value), "a number that is none is told");
      return value;
    });
    const lines = metricsText(readingMetrics(readings)).trim().split("\n");
    const isLine = (line: string) => /^(#|watercooler_\w+(\{.*\})? -?[\d.e+-]+$)/.test(line);
    hold(
      lines.every((line) => line === "" || isLine(line)),
      `a bad line in ${lines.join("\n")}`,
    );
  },
};

const row = record({ key: text(1, 200), body: bytes(2, 10_000), signature: bytes(3, 100) });
const rows = record({ coverage: text(1, 4_096), row: many(bytes(2, 12_000), 32) });

/** What stands in the store's rows when a node starts. */
const stored: FuzzTarget = {
  name: "stored-rows",
  form: "bytes",
  take: (input) => {
    const decoded = rows.decode(input);
    if (!decoded.ok) return;
    const { coverage } = decoded.value;
    const clock = new ManualClock();
    const held = decoded.value.row.flatMap((one) => {
      const parsed = row.decode(one);
      return parsed.ok ? [{ ...parsed.value, heardWallMs: 5 }] : [];
    });
    const replica = trusting();
    const persistence = new Persistence(new MemoryStore(), replica, idOf(1), clock);
    const origin = { origin: idOf(1), coverage, entries: held };
    persistence.restore({ origins: [origin], remembered: [], meta: {} }, entries);
    replica.sweep();
    replica.digest();
    replica.state(idOf(1))?.position();
  },
};

export const ROWS = { row, rows, said };
export const MESH_TARGETS = [overlay, office, stored];
