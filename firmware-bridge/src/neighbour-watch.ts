import type { Log } from "../../src/base/log.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import { MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { MinuteReport } from "./minute-report.ts";
import type { Neighbour, ReadNeighbours } from "./neighbour.ts";
import type { SensorHealth } from "./sensor.ts";
import type { Timers } from "./timers.ts";

/** What is worth telling about a device: one entry a MAC, the newest event replacing the last. */
export type NeighbourEvent =
  | {
      readonly type: "seen";
      readonly mac: string;
      /** The freshest first. */
      readonly ips: readonly string[];
      /** How long ago, at the event, the kernel last had proof of it. */
      readonly confirmedMs: Millis;
    }
  | { readonly type: "forgotten"; readonly mac: string };

/**
 * A device still there is told again after so long: three times within the default `away_after`
 * of 15 min, so that one lost message sends nobody home, and rarely enough for a quiet network.
 */
export const RETELL_MS = 4 * MINUTE_MS;
/** IPv6 privacy gives a device some; a router that answers for others has no end of them. */
export const IPS_PER_MAC_COUNT_MAX = 8;
/** As many as the kernel's own table holds by default (gc_thresh3). */
export const MACS_COUNT_MAX = 1_024;
/** The kernel gives ages in whole seconds: a confirmation is new only when later by more. */
const AGE_SLACK_MS = 1.5 * SECOND_MS;

export interface NeighbourWatchOptions {
  readonly read: ReadNeighbours;
  readonly updateIntervalMs: Millis;
  /** A device not confirmed for so long is forgotten. */
  readonly keepMs: Millis;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** A device still there is told again after so long; RETELL_MS where nothing is said. */
  readonly retellMs?: Millis;
  /** MACs that were told before a restart: forgotten in their turn unless they show again. */
  readonly known?: readonly string[];
}

interface Device {
  readonly ips: readonly string[];
  readonly confirmedAtMs: Millis;
  readonly toldAtMs: Millis;
  readonly toldConfirmedAtMs: Millis;
}

/** Polls the neighbour table and tells what changed in it. */
export class NeighbourWatch {
  private readonly devices = new Map<string, Device>();
  private readonly trouble: MinuteReport;
  private state: "stopped" | "running" = "stopped";
  private cancel: (() => void) | undefined;
  private polling: Promise<void> | undefined;
  private error: string | undefined;

  constructor(private readonly options: NeighbourWatchOptions) {
    this.trouble = new MinuteReport(options.log, options.timers, "neighbour table trouble");
    const nowMs = options.clock.monotonicMs();
    for (const mac of (options.known ?? []).slice(0, MACS_COUNT_MAX)) {
      const never = { toldAtMs: -Infinity, toldConfirmedAtMs: -Infinity };
      this.devices.set(mac, { ips: [], confirmedAtMs: nowMs, ...never });
    }
  }

  /** Polls at once and then every `updateIntervalMs` after the last poll's end. */
  start(emit: (event: NeighbourEvent) => void): void {
    this.state = "running";
    const again = () => {
      this.polling = this.poll(emit).then(() => {
        if (this.state === "stopped") return;
        this.cancel = this.options.timers.set(this.options.updateIntervalMs, again);
      });
    };
    again();
  }

  health(): SensorHealth {
    return this.error === undefined ? { state: "ok" } : { state: "failing", error: this.error };
  }

  async stop(): Promise<void> {
    this.state = "stopped";
    this.cancel?.();
    await this.polling;
    this.trouble.flush();
  }

  /** Reads the table once; what it can't read is `health`, never a rejection. */
  private async poll(emit: (event: NeighbourEvent) => void): Promise<void> {
    let table: readonly Neighbour[] = [];
    try {
      table = await this.options.read();
      this.error = undefined;
    } catch (error) {
      this.error = error instanceof Error ? error.message : String(error);
      this.trouble.count(this.error);
    }
    if (this.state === "stopped") return;
    const nowMs = this.options.clock.monotonicMs();
    for (const [mac, entries] of byMac(table)) this.look(mac, entries, nowMs, emit);
    for (const [mac, device] of this.devices) {
      if (nowMs - device.confirmedAtMs <= this.options.keepMs) continue;
      this.devices.delete(mac);
      emit({ type: "forgotten", mac });
    }
  }

  private look(
    mac: string,
    entries: readonly Neighbour[],
    nowMs: Millis,
    emit: (event: NeighbourEvent) => void,
  ): void {
    const fresh = entries.filter((entry) => entry.confirmedMs <= this.options.keepMs);
    const known = this.devices.get(mac);
    if (fresh.length === 0) return;
    if (known === undefined && this.devices.size >= MACS_COUNT_MAX) {
      this.trouble.count("too many devices");
      return;
    }
    const ips = chooseIps(fresh, known?.ips ?? []);
    const age = Math.min(...fresh.map((entry) => entry.confirmedMs));
    const confirmedAtMs = Math.max(nowMs - age, known?.confirmedAtMs ?? -Infinity);
    const told = { ips, confirmedAtMs, toldAtMs: nowMs, toldConfirmedAtMs: confirmedAtMs };
    if (known === undefined || worthTelling(known, told, this.options.retellMs ?? RETELL_MS)) {
      this.devices.set(mac, told);
      emit({ type: "seen", mac, ips, confirmedMs: Math.max(0, nowMs - confirmedAtMs) });
    } else {
      this.devices.set(mac, { ...known, ips, confirmedAtMs });
    }
  }
}

function worthTelling(known: Device, now: Device, retellMs: Millis): boolean {
  const before = new Set(known.ips);
  if (now.ips.length !== before.size || now.ips.some((ip) => !before.has(ip))) return true;
  const isNews = now.confirmedAtMs - known.toldConfirmedAtMs > AGE_SLACK_MS;
  return isNews && now.toldAtMs - known.toldAtMs >= retellMs;
}

/**
 * Up to IPS_PER_MAC_COUNT_MAX addresses, the freshest first. Where there are more, those told
 * before stay, so that a router with hundreds is not news at every poll.
 */
function chooseIps(entries: readonly Neighbour[], told: readonly string[]): string[] {
  const ages = new Map<string, Millis>();
  for (const { ip, confirmedMs } of entries) {
    ages.set(ip, Math.min(confirmedMs, ages.get(ip) ?? Infinity));
  }
  const byAge = [...ages].sort(
    (left, right) => left[1] - right[1] || (left[0] < right[0] ? -1 : 1),
  );
  const ips = byAge.map(([ip]) => ip);
  if (ips.length <= IPS_PER_MAC_COUNT_MAX) return ips;
  const stay = ips.filter((ip) => told.includes(ip));
  const others = ips.filter((ip) => !told.includes(ip));
  const chosen = new Set([...stay, ...others].slice(0, IPS_PER_MAC_COUNT_MAX));
  return ips.filter((ip) => chosen.has(ip));
}

function byMac(table: readonly Neighbour[]): Map<string, Neighbour[]> {
  const groups = new Map<string, Neighbour[]>();
  for (const entry of table) {
    const group = groups.get(entry.mac);
    if (group === undefined) groups.set(entry.mac, [entry]);
    else group.push(entry);
  }
  return groups;
}
