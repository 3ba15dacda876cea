import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { addressOf, keyOfNodeId, type NodeId, nodeIdOfKey } from "../../base/id.ts";
import type { Announcement, Discovery, DiscoveryState, Hint } from "../discovery-port.ts";

/** How often it asks; every node answers everybody, so a large office wants this long. */
const INTERVAL_MS = 10_000;

/**
 * The mDNS discovery of js-libp2p, run by itself. Loaded only when it is configured: it weighs
 * 17 to 22 MB, and is blind without a default route and on IPv6 alone.
 */
export class Libp2pMdns implements Discovery {
  private readonly seen = new Map<NodeId, string>();
  private hints = 0;
  private halt: () => Promise<void> = async () => {};

  constructor(private readonly announcement: Announcement) {}

  async start(listener: (hint: Hint) => void): Promise<void> {
    const [{ mdns }, { publicKeyFromRaw }, { peerIdFromPublicKey }, { defaultLogger }, ma] =
      await Promise.all([
        import("@libp2p/mdns"),
        import("@libp2p/crypto/keys"),
        import("@libp2p/peer-id"),
        import("@libp2p/logger"),
        import("@multiformats/multiaddr"),
      ]);
    const { id, port, meshTag } = this.announcement;
    const peerId = peerIdFromPublicKey(publicKeyFromRaw(keyOfNodeId(id) ?? new Uint8Array(32)));
    const getAddresses = () =>
      ownAddresses().map(({ address, family }) =>
        ma.multiaddr(`/${family}/${address}/tcp/${port}/ws/p2p/${peerId}`),
      );
    const options = { interval: INTERVAL_MS, serviceTag: `_watercooler-${meshTag}._udp.local` };
    const service = mdns(options)({
      addressManager: { getAddresses },
      logger: defaultLogger(),
    } as never) as unknown as EventTarget & { start(): Promise<void>; stop(): Promise<void> };
    service.addEventListener("peer", (event) => this.onPeer(event as never, listener));
    this.halt = async () => service.stop();
    await service.start();
  }

  refresh(): void {
    this.seen.clear();
  }

  state(): readonly DiscoveryState[] {
    const reason = blindness();
    const state = reason === undefined ? "working" : "blind";
    return [{ source: "libp2p", state, detail: reason ?? "", hints: this.hints }];
  }

  async stop(): Promise<void> {
    await this.halt();
  }

  private onPeer(
    event: {
      detail: { id: { publicKey?: { raw: Uint8Array } }; multiaddrs: { toString(): string }[] };
    },
    listener: (hint: Hint) => void,
  ): void {
    const key = event.detail.id.publicKey?.raw;
    if (key?.length !== 32) return;
    const id = nodeIdOfKey(key);
    const addresses = event.detail.multiaddrs
      .map((multiaddr) => /^\/ip[46]\/([^/]+)\/tcp\/(\d+)\//.exec(multiaddr.toString()))
      .filter((match) => match !== null)
      .map(([, host = "", port]) => addressOf(host, Number(port)));
    // It tells of a peer at every answer; a change is what is worth a hint.
    const said = addresses.join();
    if (id === this.announcement.id || this.seen.get(id) === said) return;
    this.seen.set(id, said);
    this.hints += 1;
    listener({ id, addresses: addresses.slice(0, 8), source: "libp2p" });
  }
}

/** Why libp2p's mDNS can't work here, or undefined where it can. */
export function blindness(): string | undefined {
  if (!ownAddresses().some(({ family }) => family === "ip4")) return "no IPv4 address";
  try {
    const routes = readFileSync("/proc/net/route", "utf8").split("\n");
    const hasDefault = routes.some((line) => line.split("\t")[1] === "00000000");
    return hasDefault ? undefined : "no default route";
  } catch {
    return undefined;
  }
}

function ownAddresses(): readonly { address: string; family: "ip4" | "ip6" }[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !address.startsWith("fe80"))
    .map(({ address, family }) => ({ address, family: family === "IPv4" ? "ip4" : "ip6" }));
}
