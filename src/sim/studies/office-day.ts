import { MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import { readingKey, readingRecord } from "../../office/records.ts";
import type { Kind } from "../../reading/kind.ts";
import { realCodec } from "../frames.ts";
import type { SimHost } from "../host.ts";
import type { SimOptions, SimPorts } from "../ports.ts";
import { World } from "../world.ts";
import { drawOffice, type Sample } from "./office-picture.ts";
import { markdown, type Study } from "./study.ts";

const NODES = 200;
const FLOORS = 5;
/** What is simulated of each part of the day; the figures are for an hour. */
const CALM_MS = 3 * MINUTE_MS;
const OUTAGE_MS = 4 * MINUTE_MS;
const AGAIN_MS_MAX = 5 * MINUTE_MS;
/** What each sensor says, and how often in a calm office, by its default deadband: a guess. */
const SENSORS: readonly (readonly [Kind, Millis])[] = [
  ["temperature", 60 * SECOND_MS],
  ["humidity", 90 * SECOND_MS],
  ["co2", 60 * SECOND_MS],
  ["motion", 120 * SECOND_MS],
];
/** Around each frame: WebSocket 4, TLS 1.3 record 22, TCP with timestamps 32, IP 20 bytes. */
const FRAME_OVERHEAD_BYTES = 78;
/** One frame in so many is encoded for its size. */
const MEASURED_EVERY = 10;
const PROBES = 20;
const SAMPLE_MS = 5 * SECOND_MS;

interface Figures {
  readonly nodes: number;
  readonly "together after, s": number;
  readonly "kB a Pi an hour": number;
  readonly "frames a Pi a minute": number;
  readonly "a reading everywhere, median, ms": number;
  readonly "a reading everywhere, slowest, ms": number;
  readonly "floor off: a reading everywhere else, slowest, ms": number;
  readonly "floor back: all agree after, s": number;
}

/** What a planner asks before buying two hundred Pis. */
export const officeDayStudy: Study = {
  name: "office-day",
  about: "200 Pis on five floors: traffic, time to agree, a floor's switch that fails",
  run: (options, ports) => {
    const office = new OfficeDay(options.nodes ?? NODES, options.seed);
    const figures = office.run((phase) => {
      if (options.output === "text") ports.stderr(`${phase} ...\n`);
    });
    print(options, ports, figures);
    const { world, samples } = office;
    if (options.svg !== undefined) ports.writeFile(options.svg, drawOffice(world.hosts, samples));
    return 0;
  },
};

class OfficeDay {
  readonly world: World;
  readonly samples: Sample[] = [];
  private bytes = 0;
  private readonly floors: readonly (readonly SimHost[])[];

  constructor(
    private readonly nodes: number,
    seed: number,
  ) {
    this.world = new World({ seed });
    const { network } = this.world;
    network.watch = (_from, _to, message) => {
      if (network.frames % MEASURED_EVERY !== 0) return;
      const length = realCodec.encode(message).length + FRAME_OVERHEAD_BYTES;
      this.bytes += MEASURED_EVERY * length;
    };
    const hosts = this.world.office(nodes);
    for (const host of hosts)
      for (const [kind, everyMs] of SENSORS) this.measure(host, kind, everyMs);
    const perFloor = Math.ceil(nodes / FLOORS);
    this.floors = Array.from({ length: FLOORS }, (_, floor) =>
      hosts.slice(floor * perFloor, (floor + 1) * perFloor),
    );
    this.sample();
  }

  run(say: (phase: string) => void): Figures {
    const { world, nodes } = this;
    say("all start");
    const togetherMs = world.runUntil(() => this.agreeing(world.hosts) > 0.99, AGAIN_MS_MAX, 500);
    say("a calm morning");
    const { bytes } = this;
    const { frames } = world.network;
    world.run(CALM_MS);
    const calmBytes = this.bytes - bytes;
    const perHour = (60 * MINUTE_MS) / CALM_MS / nodes;
    const calmFrames = (world.network.frames - frames) / nodes / (CALM_MS / MINUTE_MS);
    const calm = this.spread(world.hosts);
    say("a floor's switch fails");
    const [dark = [], ...lit] = this.floors;
    const rest = lit.flat();
    const mends = dark.map((host) =>
      world.cut(
        [host],
        world.hosts.filter((one) => one !== host),
      ),
    );
    world.run(OUTAGE_MS);
    const outage = this.spread(rest);
    say("the switch is back");
    for (const mend of mends) mend();
    const backMs = world.runUntil(() => this.agreeing(world.hosts) > 0.99, AGAIN_MS_MAX, 500);
    world.run(MINUTE_MS);
    return {
      nodes,
      "together after, s": seconds(togetherMs),
      "kB a Pi an hour": Math.round((calmBytes * perHour) / 1_000),
      "frames a Pi a minute": Math.round(calmFrames),
      "a reading everywhere, median, ms": calm.median,
      "a reading everywhere, slowest, ms": calm.slowest,
      "floor off: a reading everywhere else, slowest, ms": outage.slowest,
      "floor back: all agree after, s": seconds(backMs),
    };
  }

  /** Writes now and then; gives how long it took until all of `hosts` had it. */
  private spread(hosts: readonly SimHost[]): { median: number; slowest: number } {
    const tookMs: number[] = [];
    for (let probe = 0; probe < PROBES; probe++) {
      const writer = hosts[(probe * 7) % hosts.length];
      writer?.write("probe", String(probe), "batched");
      const all = () =>
        hosts.every((host) => writer && host.read(writer.id, "probe") === String(probe));
      tookMs.push(this.world.runUntil(all, AGAIN_MS_MAX, 10) ?? Number.POSITIVE_INFINITY);
      this.world.run(SECOND_MS);
    }
    tookMs.sort((left, right) => left - right);
    return { median: tookMs[PROBES / 2] ?? 0, slowest: tookMs[PROBES - 1] ?? 0 };
  }

  private agreeing(hosts: readonly SimHost[]): number {
    const counts = new Map<string, number>();
    for (const { process } of hosts) {
      const digest = process?.replica.digest().join() ?? "";
      counts.set(digest, (counts.get(digest) ?? 0) + 1);
    }
    return Math.max(...counts.values()) / hosts.length;
  }

  private measure(host: SimHost, kind: Kind, everyMs: Millis): void {
    const random = this.world.random.fork();
    const say = () => {
      this.world.scheduler.set(everyMs * 2 * random.next(), () => {
        const value = Math.round(random.next() * 1_000) / 10;
        const common = { room: host.name, ageMs: 0, everyMs: 5 * MINUTE_MS, stillMs: undefined };
        const record = { ...common, value };
        host.process?.node.write(
          readingKey("climate", kind),
          readingRecord.encode({ ...record, simulated: 1, restored: undefined }),
          "batched",
        );
        say();
      });
    };
    say();
  }

  private sample(): void {
    this.world.scheduler.set(SAMPLE_MS, () => {
      const atMs = this.world.scheduler.nowMs;
      this.samples.push({ atMs, agreeing: this.agreeing(this.world.hosts) });
      this.sample();
    });
  }
}

function print({ output }: SimOptions, { stdout }: SimPorts, figures: Figures): void {
  if (output === "json") return stdout(`${JSON.stringify(figures, undefined, 2)}\n`);
  stdout(markdown(["an office's day", "figure"], Object.entries(figures)));
}

function seconds(spanMs: Millis | undefined): number {
  return spanMs === undefined ? Number.POSITIVE_INFINITY : Math.round(spanMs / 100) / 10;
}
