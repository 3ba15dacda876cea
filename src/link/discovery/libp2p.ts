import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { type Address, addressOf, keyOfNodeId, type NodeId, nodeIdOfKey } from "../../base/id.ts";
import { ADDRESSES_MAX } from "../../overlay/parameters.ts";
import type { Announcement, Discovery, DiscoveryState, Hint } from "../discovery-port.ts";
import { IDS_MAX } from "./hint-book.ts";
import { isLinkLocalAddress, isWithin, listensAt, subnetsOf } from "./interfaces.ts";

/** How often it asks. Every node answers everybody, so that a short one floods a large office. */
const INTERVAL_MS = 10_000;

/** What the library tells of a peer, as far as it is used here. */
interface FoundPeer {
  readonly id: { readonly publicKey?: FoundKey | undefined };
  readonly multiaddrs: readonly { toString(): string }[];
}

interface FoundKey {
  readonly type: string;
  readonly raw: Uint8Array;
}

/**
 * The mDNS discovery of js-libp2p, run by itself. Loaded only when it is configured: it weighs ten
 * times what DNS-SD does, and is blind without a default route and on IPv6 alone. Its peer id is
 * made of the same Ed25519 key as the node's id, so each gives the other.
 */
export class Libp2pMdns implements Discovery {
  private readonly seen = new Map<NodeId, string>();
  private hints = 0;
  private halt: (() => Promise<void>) | undefined;
  private stopped = false;

  constructor(private readonly announcement: Announcement) {}

  /** Rejects where the library is not installed. */
  async start(listener: (hint: Hint) => void): Promise<void> {
    const [{ mdns }, { peerIdFromPublicKey }, { publicKeyFromRaw }, { defaultLogger }, ma] =
      await Promise.all([
        import("@libp2p/mdns"),
        import("@libp2p/peer-id"),
        import("@libp2p/crypto/keys"),
        import("@libp2p/logger"),
        import("@multiformats/multiaddr"),
      ]);
    const { id, port, host, meshTag } = this.announcement;
    const key = keyOfNodeId(id);
    if (key === undefined) throw new Error("the node's id holds no Ed25519 key");
    const peerId = peerIdFromPublicKey(publicKeyFromRaw(key));
    const getAddresses = () =>
      ownAddresses()
        .filter(({ address }) => listensAt(host, address))
        .map(({ address, family }) =>
          ma.multiaddr(`/${family}/${address}/tcp/${port}/tls/ws/p2p/${peerId}`),
        );
    const make = mdns({ interval: INTERVAL_MS, serviceTag: serviceTag(meshTag) });
    // Of all that an address manager can do, this is what the library calls (12.0.32).
    const addressManager = { getAddresses } as unknown as Parameters<
      typeof make
    >[0]["addressManager"];
    const service = make({ addressManager, logger: defaultLogger() });
    service.addEventListener("peer", ({ detail }) => this.onPeer(detail, listener));
    const runnable = service as typeof service & {
      start(): Promise<void>;
      stop(): Promise<void>;
    };
    if (this.stopped) return;
    await runnable.start();
    this.halt = () => runnable.stop();
    if (this.stopped) await this.stop();
  }

  refresh(): void {
    // The library asks in its own time; its next answers are hints again.
    this.seen.clear();
  }

  state(): readonly DiscoveryState[] {
    const source = "libp2p" as const;
    if (this.halt === undefined) {
      return [{ source, state: "off", detail: "not started", hints: this.hints }];
    }
    const reason = blindness();
    const state = reason === undefined ? "working" : "blind";
    return [{ source, state, detail: reason ?? "", hints: this.hints }];
  }

  async stop(): Promise<void> {
    this.stopped = true;
    const { halt } = this;
    this.halt = undefined;
    await halt?.();
  }

  private onPeer({ id: peerId, multiaddrs }: FoundPeer, listener: (hint: Hint) => void): void {
    const id = nodeIdOfPeer(peerId.publicKey);
    const addresses = usableAddresses(multiaddrs.map(String));
    // It tells of a peer at every answer; a change is what is worth a hint.
    const said = [...addresses].sort().join();
    if (id === undefined || id === this.announcement.id || addresses.length === 0) return;
    if (this.halt === undefined || this.seen.get(id) === said) return;
    this.seen.delete(id);
    this.seen.set(id, said);
    const [oldest] = this.seen.keys();
    if (this.seen.size > IDS_MAX && oldest !== undefined) this.seen.delete(oldest);
    this.hints += 1;
    listener({ id, addresses, source: "libp2p" });
  }
}

/** The service under which nodes of one mesh look for each other; others' don't mix. */
export function serviceTag(meshTag: string): string {
  return `_watercooler-${meshTag}._udp.local`;
}

/** The node that a libp2p peer id's key stands for; undefined where it is not an Ed25519 one. */
export function nodeIdOfPeer(key: FoundKey | undefined): NodeId | undefined {
  return key?.type === "Ed25519" ? nodeIdOfKey(key.raw) : undefined;
}

/** Addresses of multiaddrs that lie in our own subnets. */
function usableAddresses(multiaddrs: readonly string[]): readonly Address[] {
  const subnets = subnetsOf(Object.values(networkInterfaces()).flatMap((infos) => infos ?? []));
  const found = new Set<Address>();
  for (const text of multiaddrs) {
    const match = /^\/ip[46]\/([0-9a-f.:]+)\/tcp\/(\d{1,5})(?:\/tls)?\/wss?(?:\/|$)/i.exec(text);
    const [host = "", port] = [match?.[1], Number(match?.[2])];
    // Without the zone a link-local address is of no use.
    if (!(port >= 1 && port <= 65_535) || isLinkLocalAddress(host)) continue;
    if (isWithin(subnets, host)) found.add(addressOf(host, port));
  }
  return [...found].slice(0, ADDRESSES_MAX);
}

/** Why libp2p's mDNS can't work here, or undefined where it can. */
export function blindness(): string | undefined {
  if (!ownAddresses().some(({ family }) => family === "ip4")) {
    return "libp2p's mDNS needs an IPv4 address";
  }
  try {
    const routes = readFileSync("/proc/net/route", "utf8").split("\n");
    const hasDefault = routes.some((line) => {
      const [, destination, , , , , , mask] = line.split("\t");
      return destination === "00000000" && mask === "00000000";
    });
    return hasDefault ? undefined : "libp2p's mDNS needs a default route";
  } catch {
    return undefined;
  }
}

function ownAddresses(): readonly { address: string; family: "ip4" | "ip6" }[] {
  return Object.values(networkInterfaces())
    .flatMap((infos) => infos ?? [])
    .filter(({ internal, address }) => !internal && !isLinkLocalAddress(address))
    .map(({ address, family }) => ({ address, family: family === "IPv4" ? "ip4" : "ip6" }));
}
