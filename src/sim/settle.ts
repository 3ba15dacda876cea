import { equalBytes, toHex } from "../base/bytes.ts";
import { MINUTE_MS, type Millis } from "../base/time.ts";
import { BIRTH_KEY } from "../replica/birth.ts";
import { Replica } from "../replica/replica.ts";
import { RETRACTED_MAX } from "../replica/writer.ts";
import { unsettled } from "./checks.ts";
import { STARTED_WALL_MS } from "./clock.ts";
import { entryCodec } from "./frames.ts";
import type { SimHost } from "./host.ts";
import { simTrust } from "./trust.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

/** A peer that failed often is asked again after a minute; two such rounds. */
export const SETTLE_MS_MAX = 3 * MINUTE_MS;
/** Hosts whose states are joined with each other. */
const JOINED = 3;
/** Keys that a node writes of itself. */
const OWN_KEYS_MAX = 8;

/**
 * Lets a world without faults come to rest, and looks at everything that must hold then.
 * Gives how long it took, in virtual milliseconds.
 */
export function settle(world: World, hosts: readonly SimHost[], limitMs = SETTLE_MS_MAX): Millis {
  const tookMs = world.runUntil(() => unsettled(hosts) === undefined, limitMs, 500);
  if (tookMs === undefined) {
    throw new Violation("everybody agrees in the end", unsettled(hosts) ?? "only just not");
  }
  sameContents(hosts);
  remembered(world, hosts);
  bounded(world, hosts);
  return tookMs;
}

/**
 * Joins the states of hosts that differ, in two orders and twice over: real states, as a history
 * has made them, must end the same.
 */
export function joinsAgree(hosts: readonly SimHost[]): void {
  const entries = hosts
    .slice(0, JOINED)
    .flatMap(({ process }) => [...(process?.replica.origins() ?? [])])
    .flatMap(({ rows }) => [...rows.values()].map(({ entry }) => entry));
  const births = entries.filter(({ key }) => key === BIRTH_KEY);
  const orders = [entries, [...entries].reverse(), [...entries, ...entries]];
  const [first, ...rest] = orders.map((order) => {
    const replica = new Replica(simTrust);
    // Nothing of an origin is taken before a birth: exchange sends those first, too.
    for (const entry of [...births, ...order]) replica.join(entry, 0, STARTED_WALL_MS);
    return toHex(replica.digest());
  });
  if (rest.some((digest) => digest !== first)) {
    throw new Violation("joins agree in any order", hosts.map(({ name }) => name).join());
  }
}

/** Equal digests are a claim; this looks at what is behind it. */
function sameContents(hosts: readonly SimHost[]): void {
  const [first, ...rest] = hosts.map((host) => ({ host, text: contents(host) }));
  for (const { host, text } of rest) {
    if (text === first?.text) continue;
    throw new Violation("equal digests mean equal values", `${first?.host.name} and ${host.name}`);
  }
}

function contents(host: SimHost): string {
  const origins = [...(host.process?.replica.origins() ?? [])].map((state) => {
    const rows = [...state.held.values()].map(
      ({ entry }) => `${entry.key} ${entry.dot.incarnation}.${entry.dot.seq}`,
    );
    return `${state.origin}: ${rows.sort().join()}`;
  });
  return origins.sort().join("\n");
}

function remembered(world: World, hosts: readonly SimHost[]): void {
  for (const host of hosts) {
    const [complaint] = world.oracle.complaints(host, hosts);
    if (complaint !== undefined) {
      throw new Violation("what was acknowledged is there, what was deleted is not", complaint);
    }
  }
}

/** What is held is bounded by live keys, not by how often they were written. */
function bounded(world: World, hosts: readonly SimHost[]): void {
  for (const host of hosts) {
    for (const state of host.process?.replica.origins() ?? []) {
      const keys = world.oracle.keysOf(state.origin) + OWN_KEYS_MAX;
      // Each life that others still follow may hold every key once.
      const limit = 4 * (keys + RETRACTED_MAX);
      if (state.rows.size > limit) {
        throw new Violation("memory is bounded by live keys", `${state.rows.size} rows`);
      }
    }
  }
}

/** Ends every process in good order; what the cards hold then must be what was in memory. */
export function cardsHoldAll(hosts: readonly SimHost[]): void {
  for (const host of hosts) {
    const digest = host.process?.replica.digest();
    if (digest === undefined) continue;
    host.stop();
    const replica = new Replica(simTrust);
    for (const { origin, coverage, entries } of host.disk.load().origins) {
      const held = entries.flatMap(({ body, signature }) => {
        const decoded = entryCodec.decode(body, signature);
        return decoded.ok ? [{ entry: decoded.value, heardMs: 0 }] : [];
      });
      replica.restore(origin, coverage, held);
    }
    if (equalBytes(replica.digest(), digest)) continue;
    const detail = `${host.name}: ${toHex(digest.subarray(0, 4))} in memory`;
    throw new Violation("a card holds what was in memory", detail);
  }
}
