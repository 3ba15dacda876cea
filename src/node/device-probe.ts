import { BlockList, isIP, isIPv4 } from "node:net";
import type { NodeId } from "../base/id.ts";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";
import { ownersByMac, parseClaimKey, parseUnclaimKey } from "../office/claims.ts";
import { deviceViews, unseenMs } from "../office/network.ts";
import { silentNodes } from "../office/nodes.ts";
import { LANS_KEY, lansOf, lansRecord, probeAt, turnAt } from "../office/probing.ts";
import type { Hash } from "../office/rendezvous.ts";
import type { Replica } from "../replica/replica.ts";
import type { Node } from "./node.ts";

export interface DeviceProbeParts {
  readonly self: NodeId;
  readonly node: Pick<Node, "every" | "write" | "onEntries">;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly hash: Hash;
  readonly keepMs: Millis;
  readonly awayAfterMs: Millis;
  /** This node's subnets, as `10.0.0.0/24`; none while it is not to ask. */
  readonly lans: () => readonly string[];
  /** Makes the kernel ask who has an address; the neighbour table shows the answer. */
  readonly ask: (ip: string) => void;
}

/** Questions of one node at once: with a look each 15 s about one in 2 s. A guess. */
const PROBES_PER_LOOK_MAX = 8;
const LOOK_MS_MAX = 15 * SECOND_MS;
const LOOK_MS_MIN = SECOND_MS / 2;
/** Some looks in each turn, of which there are five in the second half of `away_after`. */
const LOOKS_UNTIL_AWAY = 40;

/**
 * Asks after registered devices that keep silent, before their owners are taken for away: phones
 * that sleep drop out of neighbour tables. Who asks is agreed on without a word (`probing.ts`).
 */
export class DeviceProbe {
  /** The last turn that was seen to, here or elsewhere, by MAC. */
  private readonly done = new Map<string, number>();
  /** The devices that somebody has; undefined until looked up anew. */
  private claimed: readonly string[] | undefined;

  constructor(private readonly parts: DeviceProbeParts) {}

  start(): void {
    const { node, awayAfterMs } = this.parts;
    this.sayLans();
    const lookMs = Math.max(LOOK_MS_MIN, Math.min(LOOK_MS_MAX, awayAfterMs / LOOKS_UNTIL_AWAY));
    node.every(lookMs, () => this.look());
    node.onEntries((entries) => {
      const isAboutClaims = entries.some(
        ({ key }) => parseClaimKey(key) !== undefined || parseUnclaimKey(key) !== undefined,
      );
      if (isAboutClaims) this.claimed = undefined;
    });
  }

  private look(): void {
    this.sayLans();
    const { self, replica, clock, keepMs, hash, ask } = this.parts;
    const nowMs = clock.monotonicMs();
    const turns = this.turns(nowMs);
    if (turns.size === 0) return;
    const reach = this.reach(nowMs);
    let left = PROBES_PER_LOOK_MAX;
    const views = deviceViews(replica, keepMs, nowMs);
    const current = new Map(views.map(({ mac, ips }) => [mac, ips]));
    for (const [mac, turn] of turns) {
      const ips = current.get(mac) ?? [];
      const probe = probeAt(turn, { mac, ips, reachedBy: reach }, hash);
      if (probe?.node === self) {
        if (left === 0) continue;
        left -= 1;
        ask(probe.ip);
      }
      this.done.set(mac, turn);
    }
  }

  /** Devices that somebody has and nobody saw lately, with the turn that now begins. */
  private turns(nowMs: Millis): ReadonlyMap<string, number> {
    const { replica, awayAfterMs, keepMs } = this.parts;
    this.claimed ??= [...ownersByMac(replica).keys()];
    const turns = new Map<string, number>();
    const silent = new Set<string>();
    for (const mac of this.claimed) {
      const ageMs = unseenMs(replica, mac, nowMs);
      const turn = ageMs > keepMs ? undefined : turnAt(ageMs, awayAfterMs);
      if (turn === undefined) continue;
      silent.add(mac);
      if (this.done.get(mac) !== turn) turns.set(mac, turn);
    }
    for (const mac of this.done.keys()) if (!silent.has(mac)) this.done.delete(mac);
    return turns;
  }

  /** Which living nodes can reach an address. */
  private reach(nowMs: Millis): (ip: string) => readonly NodeId[] {
    const { self, replica } = this.parts;
    const silent = new Set(silentNodes(replica, self, nowMs));
    const living = [...lansOf(replica)]
      .filter(([node]) => !silent.has(node))
      .map(([node, lans]) => ({ node, subnets: subnetsOf(lans) }));
    return (ip) => living.filter(({ subnets }) => contains(subnets, ip)).map(({ node }) => node);
  }

  private sayLans(): void {
    const { self, node, replica, lans } = this.parts;
    const value = replica.get(self, LANS_KEY)?.entry.value;
    const said = value && lansRecord.decode(value);
    const now = [...lans()];
    if (now.join() === (said?.ok ? said.value.lans.join() : "")) return;
    const next = now.length === 0 ? undefined : lansRecord.encode({ lans: now });
    node.write(LANS_KEY, next, "batched");
  }
}

/** What others say of their subnets; what is none is left out. */
function subnetsOf(lans: readonly string[]): BlockList {
  const subnets = new BlockList();
  for (const lan of lans) {
    const [address = "", prefix] = lan.split("/");
    try {
      subnets.addSubnet(address, Number(prefix), isIPv4(address) ? "ipv4" : "ipv6");
    } catch {
      // Said by another node: it only loses its own turns.
    }
  }
  return subnets;
}

/** An address is what another node said: it may be none. */
function contains(subnets: BlockList, ip: string): boolean {
  if (isIP(ip) === 0 || ip.includes("%")) return false;
  return subnets.check(ip, isIPv4(ip) ? "ipv4" : "ipv6");
}
