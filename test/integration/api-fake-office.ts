import { type NodeId, nodeIdOfKey, parseAddress } from "../../src/base/id.ts";
import { err, ok, type Result } from "../../src/base/result.ts";
import type {
  Check,
  MeshView,
  Metric,
  PushedReading,
  PushRefusal,
  ReadSide,
  SelfView,
  Topic,
} from "../../src/node/read-side.ts";
import type { Fact } from "../../src/office/facts.ts";
import type { DeviceView, NodeView, ReadingView, RoomView } from "../../src/office/views.ts";
import { type Kind, unitOf } from "../../src/reading/kind.ts";

export const WALL_MS = Date.UTC(2026, 10, 21, 9, 30);

export function idOf(number: number): NodeId {
  return nodeIdOfKey(new Uint8Array(32).fill(number));
}

export function reading(over: Partial<ReadingView> & { kind: Kind }): ReadingView {
  return {
    node: idOf(1),
    sensor: "kitchen-pi/climate",
    room: "kitchen",
    value: 21.5,
    unit: unitOf(over.kind),
    atWallMs: WALL_MS,
    ageMs: 2_000,
    stale: false,
    simulated: false,
    ...over,
  };
}

export function node(number: number, name: string, over: Partial<NodeView> = {}): NodeView {
  const address = parseAddress(`192.0.2.${number}:7946`);
  return {
    id: idOf(number),
    name,
    room: name.replace("-pi", ""),
    version: "0.1.0",
    addresses: address === undefined ? [] : [address],
    api: [`http://192.0.2.${number}:8080`],
    state: "alive",
    ageMs: 1_000 * number,
    links: [],
    ...over,
  };
}

/** An office that a test changes by hand. */
export class FakeOffice implements ReadSide {
  checked: readonly Check[] = [{ name: "store", state: "ok", detail: "writes" }];
  nodeList: readonly NodeView[] = [node(1, "kitchen-pi")];
  readingList: readonly ReadingView[] = [reading({ kind: "temperature" })];
  devices: readonly DeviceView[] = [];
  factList: readonly Fact[] = [];
  digest = "00ff".repeat(16);
  counted: readonly Metric[] = [];
  refusal: PushRefusal | undefined;
  readonly pushed: PushedReading[] = [];
  private readonly listeners = new Set<(topics: ReadonlySet<Topic>) => void>();

  get listening(): number {
    return this.listeners.size;
  }

  self(): SelfView {
    const [own = node(1, "kitchen-pi")] = this.nodeList;
    return {
      id: own.id,
      name: own.name,
      room: own.room,
      version: own.version,
      startedWallMs: WALL_MS,
      uptimeMs: 61_234,
      addresses: own.addresses,
      sensors: [
        {
          name: "climate",
          platform: "bme280",
          kinds: ["temperature", "humidity"],
          state: "failing",
          error: "no answer at 0x76: check the wires",
        },
      ],
    };
  }

  checks = () => this.checked;
  nodes = () => this.nodeList;
  readings = () => this.readingList;
  network = () => this.devices;
  facts = () => this.factList;
  metrics = () => this.counted;

  mesh(): MeshView {
    const address = parseAddress("192.0.2.2:7946");
    return {
      mesh: idOf(9),
      self: idOf(1),
      active: [idOf(2)],
      passive: [idOf(3)],
      nodes: this.nodeList.length,
      digest: this.digest,
      entries: 12,
      eager: [idOf(2)],
      lazy: [],
      links:
        address === undefined
          ? []
          : [{ id: idOf(2), address, rttMs: 1.26, bytesIn: 10, bytesOut: 20 }],
    };
  }

  rooms(): readonly RoomView[] {
    const byRoom = new Map<string, ReadingView[]>();
    for (const one of this.readingList) {
      const known = byRoom.get(one.room);
      if (known === undefined) byRoom.set(one.room, [one]);
      else known.push(one);
    }
    const sorted = [...byRoom].sort(([left], [right]) => (left < right ? -1 : 1));
    return sorted.map(([room, readings]) => {
      const motions = readings.filter(({ kind }) => kind === "motion");
      const motion = motions.length === 0 ? undefined : motions.some(({ value }) => value === true);
      return { room, readings, targets: [], motion, count: undefined };
    });
  }

  push(readings: readonly PushedReading[]): Result<void, PushRefusal> {
    if (this.refusal !== undefined) return err(this.refusal);
    this.pushed.push(...readings);
    return ok(undefined);
  }

  subscribe(listener: (topics: ReadonlySet<Topic>) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  changed(...topics: Topic[]): void {
    for (const listener of this.listeners) listener(new Set(topics));
  }
}
