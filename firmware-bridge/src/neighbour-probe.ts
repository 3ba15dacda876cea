import { createSocket, type Socket, type SocketType } from "node:dgram";
import { isIPv4 } from "node:net";
import { networkInterfaces } from "node:os";
import type { Log } from "../../src/base/log.ts";
import { deviceIp } from "./canonical-address.ts";
import type { InterfaceList } from "./ip-neigh-parse.ts";
import { MinuteReport } from "./minute-report.ts";
import type { Timers } from "./timers.ts";

/** The discard service (RFC 863): nobody answers, and nobody has to. */
const DISCARD_PORT = 9;

/**
 * Makes the kernel ask after a neighbour: an empty datagram to its address has it sent an ARP
 * request or a neighbour solicitation, which also devices answer that drop pings. Needs neither
 * root nor a program, unlike `ping` and `arping`: those have capabilities of their own that a
 * service with NoNewPrivileges loses.
 */
export class NeighbourProbe {
  private readonly sockets = new Map<SocketType, Socket>();
  private readonly trouble: MinuteReport;

  constructor(log: Log, timers: Timers) {
    this.trouble = new MinuteReport(log, timers, "can't ask after silent devices");
  }

  /** Sends one datagram. What fails is counted and logged once a minute, without the address. */
  ask(ip: string): void {
    const type = isIPv4(ip) ? "udp4" : "udp6";
    this.socket(type).send("", DISCARD_PORT, ip, (error) => this.count(error));
  }

  close(): void {
    for (const socket of this.sockets.values()) socket.close();
    this.sockets.clear();
    this.trouble.flush();
  }

  private socket(type: SocketType): Socket {
    const known = this.sockets.get(type);
    if (known !== undefined) return known;
    const socket = createSocket(type);
    socket.on("error", (error) => this.count(error));
    socket.unref();
    this.sockets.set(type, socket);
    return socket;
  }

  private count(error: NodeJS.ErrnoException | null): void {
    if (error !== null) this.trouble.count(error.code ?? "unknown reason");
  }
}

/** A tunnel's end is alone in its subnet. */
const WHOLE_PREFIXES = ["/32", "/128"];

/**
 * This machine's subnets in which neighbours can be asked after, without those of link-local
 * addresses, which are the same on every cable.
 */
export function ownLans(
  interfaces: InterfaceList,
  machine: ReturnType<typeof networkInterfaces> = networkInterfaces(),
): readonly string[] {
  const lans = new Set<string>();
  for (const [name, infos = []] of Object.entries(machine)) {
    if (interfaces.length > 0 && !interfaces.includes(name)) continue;
    for (const { cidr, internal, address } of infos) {
      if (internal || cidr === null || /^(?:169\.254\.|fe80:)/i.test(address)) continue;
      if (!WHOLE_PREFIXES.some((whole) => cidr.endsWith(whole))) lans.add(networkOf(cidr));
    }
  }
  return [...lans].sort();
}

/** `10.0.0.7/24` as `10.0.0.0/24`: an IPv6 host's own part changes every day. */
function networkOf(cidr: string): string {
  const [address = "", prefix = ""] = cidr.split("/");
  const isV4 = isIPv4(address);
  const bits = isV4 ? 8 : 16;
  const words = isV4 ? address.split(".").map(Number) : ipv6Words(address);
  const kept = words.map((word, at) => {
    const ours = Math.min(bits, Math.max(0, Number(prefix) - at * bits));
    return word - (word % 2 ** (bits - ours));
  });
  const text = isV4 ? kept.join(".") : kept.map((word) => word.toString(16)).join(":");
  return `${deviceIp(text) ?? text}/${prefix}`;
}

const IPV6_WORDS = 8;

function ipv6Words(address: string): readonly number[] {
  const [head = [], tail = []] = address.split("::").map((part) => part.split(":").filter(Boolean));
  const zeros = Array.from({ length: IPV6_WORDS - head.length - tail.length }, () => "0");
  return [...head, ...zeros, ...tail].map((word) => Number.parseInt(word, 16));
}
