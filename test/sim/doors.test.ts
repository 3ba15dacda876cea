import assert from "node:assert/strict";
import test from "node:test";
import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import { silentLog } from "../../src/base/log.ts";
import { Doors } from "../../src/node/doors.ts";
import { occupancies } from "../../src/office/occupancy.ts";
import type { Passage } from "../../src/reading/passage.ts";
import type { SimHost, SimProcess } from "../../src/sim/host.ts";
import { World } from "../../src/sim/world.ts";

const ROOM = "hall";
const MINUTE_MS = 60_000;
const MEET_MS_MAX = 2 * MINUTE_MS;

/** A door that opens when a test says so. */
class Door implements Sensor {
  readonly name = "door";
  readonly platform = "door_counter";
  private told: (passage: Passage) => void = () => {};
  kinds = () => ["count"] as const;
  start = () => {};
  health = () => ({ state: "ok" }) as const;
  stop = async () => {};

  onPassage(listener: (passage: Passage) => void): void {
    this.told = listener;
    this.walk(0, 0);
  }

  walk(ins: number, outs: number, room?: string): void {
    const where = room === undefined ? {} : { room };
    this.told({ sensor: this.name, ins, outs, ...where });
  }
}

/** An office of some Pis, all at doors of one room. */
class Hall {
  readonly world = new World({ seed: 7 });
  private readonly doors = new Map<SimHost, { door: Door; process: SimProcess | undefined }>();

  constructor(
    count: number,
    private readonly resetMinute?: number,
  ) {
    this.world.office(count);
    for (const host of this.world.hosts) this.doorOf(host);
    this.world.run(MINUTE_MS);
  }

  /** The door of a Pi, whose process may be a new one. */
  doorOf(host: SimHost): Door {
    const known = this.doors.get(host);
    if (known !== undefined && known.process === host.process) return known.door;
    const { process } = host;
    const door = new Door();
    this.doors.set(host, { door, process });
    if (process === undefined) return door;
    const { node, replica, boot: run } = process;
    const sensors = [door];
    const { clock } = host.parts;
    const { resetMinute } = this;
    const parts = { self: host.id, node, replica, clock, sensors, log: silentLog };
    new Doors({ ...parts, naming: { name: "hall-pi", room: ROOM }, run, resetMinute }).start();
    return door;
  }

  walk(host: SimHost, ins: number, outs = 0): void {
    this.doorOf(host).walk(ins, outs);
  }

  counts(hosts = this.world.hosts): readonly (number | undefined)[] {
    return hosts.map(({ process, id, parts }) => {
      if (process === undefined) return undefined;
      const nowMs = parts.clock.monotonicMs();
      const options = { halfLifeMs: 5 * MINUTE_MS, nowMs };
      return occupancies(process.replica, id, [], options).get(ROOM)?.count;
    });
  }

  all(count: number, hosts = this.world.hosts): void {
    const took = this.world.runUntil(
      () => this.counts(hosts).every((one) => one === count),
      MEET_MS_MAX,
    );
    assert.notEqual(took, undefined, `${this.counts(hosts)} instead of ${count}`);
  }
}

test("two doors on two Pis, a cut between them, and a Pi that starts again", () => {
  const hall = new Hall(3);
  const [left, right, third] = hall.world.hosts as [SimHost, SimHost, SimHost];
  hall.walk(left, 3);
  hall.walk(right, 0, 1);
  hall.all(2);

  const mend = hall.world.cut([left], [right, third]);
  hall.walk(left, 1);
  hall.walk(right, 0, 2);
  hall.walk(right, 1);
  hall.all(3, [left]);
  hall.all(1, [right, third]);
  mend();
  hall.all(2);

  left.kill();
  hall.world.run(10_000);
  left.start();
  hall.walk(left, 0, 1);
  hall.all(1);
});

test("passages that a power cut took from the disk are remembered by the others", () => {
  let lost = 0;
  for (let round = 0; round < 6; round++) {
    const hall = new Hall(3);
    const [left, right] = hall.world.hosts as [SimHost, SimHost, SimHost];
    // So that each round loses something else.
    hall.world.run(round * 1_700);
    hall.walk(left, 5);
    hall.all(5);
    left.powerCut();
    hall.world.run(5_000);
    left.start();
    const [known = 0] = hall.counts([left]);
    if (known < 5) lost += 1;
    // Before it has heard from anybody that there was more.
    hall.walk(left, 2, 1);
    hall.walk(right, 0, 1);
    hall.all(5);
  }
  assert.ok(lost > 0, "nothing was ever lost: nothing was tried");
});

test("a new Pi in the place of an old one counts on where that one stopped", () => {
  const hall = new Hall(3);
  const [old] = hall.world.hosts as [SimHost, SimHost, SimHost];
  hall.walk(old, 4);
  hall.all(4);
  old.kill();
  const rest = hall.world.hosts.slice(1);
  const fresh = hall.world.add("pi-new");
  fresh.start();
  hall.walk(fresh, 0, 3);
  hall.all(1, [...rest, fresh]);
});

test("somebody who was missed is no debt for the rest of the day", () => {
  const hall = new Hall(3);
  const [left, right] = hall.world.hosts as [SimHost, SimHost, SimHost];
  hall.walk(left, 1);
  hall.walk(right, 0, 3);
  hall.all(0);
  // Two more went out than came in: once that is sure, counting begins anew.
  hall.world.run(4 * MINUTE_MS);
  hall.walk(left, 1);
  hall.all(1);
});

test("whoever comes in while a deserted room is counted anew stays counted", () => {
  const hall = new Hall(3);
  const [left, right, third] = hall.world.hosts as [SimHost, SimHost, SimHost];
  hall.walk(left, 2);
  hall.all(2);
  const mend = hall.world.cut([right], [left, third]);
  hall.world.run(6 * 60 * MINUTE_MS - 10_000);
  hall.walk(right, 1);
  hall.all(3, [right]);
  // The other half has heard of nobody for six hours.
  hall.all(0, [left, third]);
  mend();
  hall.all(1);
});

test("in the small hours half an hour without anybody is enough, a little later it is not", () => {
  const clock = new World({ seed: 7 }).add("clock").parts.clock;
  const local = new Date(clock.wallMs());
  const minute = local.getHours() * 60 + local.getMinutes();
  for (const [agoMinutes, left] of [
    [0, 0],
    [4 * 60, 2],
  ] as const) {
    const hall = new Hall(3, (minute - agoMinutes + 24 * 60) % (24 * 60));
    const [first] = hall.world.hosts as [SimHost, SimHost, SimHost];
    hall.walk(first, 2);
    hall.world.run(29 * MINUTE_MS);
    hall.all(2);
    hall.world.run(3 * MINUTE_MS);
    hall.all(left);
  }
});

test("no more doors than a node may count at are told", () => {
  const hall = new Hall(3);
  const [first, second] = hall.world.hosts as [SimHost, SimHost, SimHost];
  const door = hall.doorOf(first);
  for (let at = 0; at < 100; at++) door.walk(1, 0, `room-${at}`);
  door.walk(1, 0);
  hall.all(1);
  const keys = [...(second.process?.replica.state(first.id)?.held.keys() ?? [])];
  assert.equal(keys.filter((key) => key.startsWith("passages/")).length, 64);
});
