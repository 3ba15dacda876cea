import type { Socket } from "node:net";
import { Budget } from "./handshake-budget.ts";
import { HANDSHAKE_MS_MAX, type LinkFailure } from "./port.ts";

/** How far an incoming connection came; it names the cause when it comes no further. */
export type Stage = "no-tls" | "not-websocket" | "no-hello";

/** An incoming connection, from the first packet on. Its fate is told once. */
export interface Arrival {
  /** It came as far as this over `socket`, which from now on is the one that is cut. */
  reached(stage: Stage, socket: Socket): void;
  /** It became a link, or is known to be a harmless double: no limit holds it any longer. */
  welcome(): void;
  /** Counts it; the connection says its farewell and ends by itself, within the limit. */
  dismiss(reason: LinkFailure): void;
  /** Counts and cuts it; without a reason, by how far it came. */
  refuse(reason?: LinkFailure): void;
}

interface Tracked extends Arrival {
  isWelcome(): boolean;
  cut(): void;
  closed(): void;
}

/**
 * The incoming connections, and what strangers may cost: places, and HANDSHAKE_MS_MAX for TLS, HTTP
 * and hello together, so that a byte now and then buys no time.
 *
 * Only one socket of an arrival is ever destroyed: to destroy the TCP socket and then the TLS one,
 * both in the handshake's own event, crashes Node 20.20 and 24.21 (seen, SIGSEGV).
 */
export class Arrivals {
  private readonly budget = new Budget();
  private readonly all = new Map<string, Tracked>();

  constructor(private readonly refused: (remote: string, reason: LinkFailure) => void) {}

  /** Takes in a bare TCP connection, or closes it where there are too many. */
  admit(socket: Socket): void {
    // A reset at any moment is an ordinary thing; "close" follows and is handled.
    socket.on("error", () => {});
    const remote = plainHost(socket.remoteAddress);
    const name = nameOf(socket);
    if (name === undefined || !this.budget.take(remote, socket)) {
      socket.destroy();
      return this.refused(remote, "busy");
    }
    const tracked = this.track(socket, remote);
    this.all.set(name, tracked);
    socket.once("close", () => {
      tracked.closed();
      if (this.all.get(name) === tracked) this.all.delete(name);
    });
  }

  /** The arrival that a socket, TCP or TLS, belongs to. */
  of(socket: Socket): Arrival | undefined {
    return this.all.get(nameOf(socket) ?? "");
  }

  /** Closes whatever is no link. */
  closeStrangers(): void {
    for (const one of this.all.values()) if (!one.isWelcome()) one.cut();
  }

  private track(socket: Socket, remote: string): Tracked {
    let top = socket;
    let stage: Stage = "no-tls";
    let fate: "open" | "welcome" | "refused" = "open";
    const tracked: Tracked = {
      isWelcome: () => fate === "welcome",
      cut: () => top.destroy(),
      reached: (next, stream) => {
        stage = next;
        top = stream;
      },
      welcome: () => {
        fate = "welcome";
        release();
      },
      dismiss: (reason) => {
        if (fate !== "open") return;
        fate = "refused";
        this.refused(remote, reason);
      },
      refuse: (reason = stage) => {
        tracked.dismiss(reason);
        if (fate === "refused") tracked.cut();
      },
      closed: () => {
        // From the WebSocket on, its own end knows better why, and comes later than this.
        if (stage !== "no-hello") tracked.dismiss(stage);
        release();
      },
    };
    const limit = setTimeout(() => tracked.refuse(), HANDSHAKE_MS_MAX);
    const release = () => {
      clearTimeout(limit);
      this.budget.give(remote, socket);
    };
    return tracked;
  }
}

/** A remote host as people know it: an IPv4 address that came in over IPv6 is itself again. */
export function plainHost(remoteAddress: string | undefined): string {
  return (remoteAddress ?? "?").replace(/^::ffff:/, "");
}

/** A TLS socket and the TCP socket under it share their ends, and nothing else that is public. */
function nameOf(socket: Socket): string | undefined {
  const { localAddress, localPort, remoteAddress, remotePort } = socket;
  if (remoteAddress === undefined) return undefined;
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
