import type { Log } from "../../src/base/log.ts";
import type { Clock, Millis } from "../../src/base/time.ts";
import { MINUTE_MS, SECOND_MS } from "../../src/base/time.ts";
import { MinuteReport } from "./minute-report.ts";
import type { Neighbour, ReadNeighbours } from "./neighbour.ts";
import type { SensorHealth } from "./sensor.ts";
import type { Timers } from "./timers.ts";

/** A device in the table, ages as at the moment of telling. */
export interface SeenDevice {
  readonly mac: string;
  /** The freshest first, each with the time since the kernel last had proof of it. */
  readonly addresses: readonly { readonly ip: string; readonly confirmedMs: Millis }[];
  /** How long ago the kernel last had proof of the device. */
  readonly confirmedMs: Millis;
}

/** What is worth telling about a device: one entry a MAC, the newest event replacing the last. */
export type NeighbourEvent =
  | ({ readonly type: "seen" } & SeenDevice)
  | { readonly type: "forgotten"; readonly mac: string };

/** What hears of the devices. */
export interface NeighbourListener {
  /** Something worth telling. */
  tell(event: NeighbourEvent): void;
  /** New proof of a device that needs no telling where all know that it is here. */
  note?(device: SeenDevice): void;
}

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
  /**
   * A device not confirmed for so long is told once more with its age: who hears of it first
   * later on, does not take it for here.
   */
  readonly awayAfterMs?: Millis;
  /** MACs that were told before a restart: forgotten in their turn unless they show again. */
  readonly known?: readonly string[];
}

interface Device {
  readonly addresses: readonly Address[];
  readonly confirmedAtMs: Millis;
  readonly toldAtMs: Millis;
  readonly toldConfirmedAtMs: Millis;
}

interface Address {
  readonly ip: string;
  readonly confirmedAtMs: Millis;
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
      this.devices.set(mac, { addresses: [], confirmedAtMs: nowMs, ...never });
    }
  }

  /** Polls at once and then every `updateIntervalMs` after the last poll's end. */
  start(listener: NeighbourListener): void {
    this.state = "running";
    const again = () => {
      this.polling = this.poll(listener).then(() => {
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
  private async poll(listener: NeighbourListener): Promise<void> {
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
    for (const [mac, entries] of byMac(table)) this.look(mac, entries, nowMs, listener);
    for (const [mac, device] of this.devices) this.lookForGone(mac, device, nowMs, listener);
  }

  private look(
    mac: string,
    entries: readonly Neighbour[],
    nowMs: Millis,
    listener: NeighbourListener,
  ): void {
    const fresh = entries.filter((entry) => entry.confirmedMs <= this.options.keepMs);
    const known = this.devices.get(mac);
    if (fresh.length === 0) return;
    if (known === undefined && this.devices.size >= MACS_COUNT_MAX) {
      this.trouble.count("too many devices");
      return;
    }
    const addresses = chooseAddresses(fresh, known?.addresses ?? [], nowMs);
    const freshestAtMs = addresses[0]?.confirmedAtMs ?? -Infinity;
    const confirmedAtMs = Math.max(freshestAtMs, known?.confirmedAtMs ?? -Infinity);
    const told = { addresses, confirmedAtMs, toldAtMs: nowMs, toldConfirmedAtMs: confirmedAtMs };
    if (known === undefined || worthTelling(known, told, this.options.retellMs ?? RETELL_MS)) {
      this.devices.set(mac, told);
      listener.tell({ type: "seen", ...seenDevice(mac, told, nowMs) });
      return;
    }
    this.devices.set(mac, { ...known, addresses, confirmedAtMs });
    if (confirmedAtMs - known.confirmedAtMs <= AGE_SLACK_MS) return;
    listener.note?.(seenDevice(mac, told, nowMs));
  }

  private lookForGone(
    mac: string,
    device: Device,
    nowMs: Millis,
    listener: NeighbourListener,
  ): void {
    const { keepMs, awayAfterMs = Infinity } = this.options;
    const silentMs = nowMs - device.confirmedAtMs;
    if (silentMs > keepMs) {
      this.devices.delete(mac);
      listener.tell({ type: "forgotten", mac });
      return;
    }
    const toldAway = device.toldAtMs - device.confirmedAtMs > awayAfterMs;
    if (silentMs <= awayAfterMs || toldAway || device.addresses.length === 0) return;
    const told = { ...device, toldAtMs: nowMs, toldConfirmedAtMs: device.confirmedAtMs };
    this.devices.set(mac, told);
    listener.tell({ type: "seen", ...seenDevice(mac, told, nowMs) });
  }
}

function seenDevice(mac: string, device: Device, nowMs: Millis): SeenDevice {
  const ago = (atMs: Millis) => Math.max(0, nowMs - atMs);
  const addresses = device.addresses.map(({ ip, confirmedAtMs }) => ({
    ip,
    confirmedMs: ago(confirmedAtMs),
  }));
  return { mac, addresses, confirmedMs: ago(device.confirmedAtMs) };
}

function worthTelling(known: Device, now: Device, retellMs: Millis): boolean {
  const before = new Set(known.addresses.map(({ ip }) => ip));
  const same = now.addresses.every(({ ip }) => before.has(ip));
  if (!same || now.addresses.length !== before.size) return true;
  const isNews = now.confirmedAtMs - known.toldConfirmedAtMs > AGE_SLACK_MS;
  return isNews && now.toldAtMs - known.toldAtMs >= retellMs;
}

/**
 * Up to IPS_PER_MAC_COUNT_MAX addresses, the freshest first. Where there are more, those told
 * before stay, so that a router with hundreds is not news at every poll.
 */
function chooseAddresses(
  entries: readonly Neighbour[],
  told: readonly Address[],
  nowMs: Millis,
): Address[] {
  const proofs = new Map<string, Millis>();
  for (const { ip, confirmedMs } of entries) {
    proofs.set(ip, Math.max(nowMs - confirmedMs, proofs.get(ip) ?? -Infinity));
  }
  const all = [...proofs]
    .map(([ip, confirmedAtMs]) => ({ ip, confirmedAtMs }))
    .sort(
      (left, right) => right.confirmedAtMs - left.confirmedAtMs || (left.ip < right.ip ? -1 : 1),
    );
  if (all.length <= IPS_PER_MAC_COUNT_MAX) return all;
  const known = new Set(told.map(({ ip }) => ip));
  const stay = all.filter(({ ip }) => known.has(ip));
  const others = all.filter(({ ip }) => !known.has(ip));
  const chosen = new Set([...stay, ...others].slice(0, IPS_PER_MAC_COUNT_MAX));
  return all.filter((address) => chosen.has(address));
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
