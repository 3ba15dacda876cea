import type { IncomingMessage } from "node:http";
import { hostname, networkInterfaces } from "node:os";
import { Refusal } from "./problems.ts";

/** Own addresses change rarely; they are looked up again after this. */
const ADDRESSES_MS = 5_000;

/**
 * Who may come in. A name that is not this node's is refused, so that a web page can't reach it by
 * DNS rebinding; a write or a socket that another site's page starts is refused, whoever sits there.
 */
export class Door {
  private addresses = new Set<string>();
  private readMs = Number.NEGATIVE_INFINITY;
  private readonly names: ReadonlySet<string>;

  constructor(
    hosts: readonly string[],
    private readonly monotonicMs: () => number,
  ) {
    const own = hostname().toLowerCase();
    this.names = new Set([
      "localhost",
      own,
      `${own.split(".")[0]}.local`,
      ...hosts.map((host) => host.toLowerCase()),
    ]);
  }

  /** Throws a Refusal where the request may not come in. */
  check(request: IncomingMessage, kind: "read" | "write" | "socket"): void {
    const host = request.headers.host ?? "";
    if (!this.isOwn(hostOf(host))) {
      throw new Refusal(421, `"${hostOf(host)}" is no name of this node: add it to api.hosts`);
    }
    if (kind === "read") return;
    const { origin, "sec-fetch-site": site } = request.headers;
    const foreign = origin !== undefined && originHost(origin) !== host.toLowerCase();
    if (foreign || site === "cross-site")
      throw new Refusal(403, "another site's page may not do that");
  }

  private isOwn(host: string): boolean {
    return this.names.has(host) || this.ownAddresses().has(host);
  }

  private ownAddresses(): ReadonlySet<string> {
    const nowMs = this.monotonicMs();
    if (nowMs - this.readMs > ADDRESSES_MS) {
      this.readMs = nowMs;
      const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
      this.addresses = new Set(["127.0.0.1", "::1", ...all.map(({ address }) => address)]);
    }
    return this.addresses;
  }
}

/** Whether the request comes from the node's own machine. */
export function isFromHere(request: IncomingMessage): boolean {
  const from = request.socket.remoteAddress ?? "";
  return /^(?:::ffff:)?127\./.test(from) || from === "::1";
}

function hostOf(header: string): string {
  return header
    .toLowerCase()
    .replace(/:\d+$/, "")
    .replace(/^\[|\]$/g, "");
}

function originHost(origin: string): string {
  try {
    return new URL(origin).host.toLowerCase();
  } catch {
    return "";
  }
}
