import { type Address, addressOf, type NodeId } from "../base/id.ts";
import type { Millis } from "../base/time.ts";
import { LinkTable } from "./link-table.ts";
import { MemoryPipe, type Schedule } from "./memory-pipe.ts";
import type {
  LinkEvent,
  LinkFailure,
  LinkIdentity,
  LinkStats,
  LinkTransport,
  SendOutcome,
} from "./port.ts";

/** First port given to a node that leaves the choice to the network. */
const FIRST_PORT = 40_000;

/** A network without sockets, for tests: what is sent arrives at a later turn, whole, in order. */
export class MemoryNetwork {
  private readonly listening = new Map<Address, MemoryTransport>();
  private readonly cuts = new Set<string>();
  private pipes: readonly MemoryPipe[] = [];
  private nextPort = FIRST_PORT;

  constructor(
    readonly schedule: Schedule,
    readonly monotonicMs: () => Millis,
  ) {}

  /** A node's transport; `host:port`, where port 0 takes a free one. */
  transport(identity: LinkIdentity, listen: string): MemoryTransport {
    return new MemoryTransport(this, identity, listen);
  }

  /** No connection between the two from now on; links of theirs break at both ends. */
  cut(one: NodeId, other: NodeId): void {
    this.cuts.add(pairOf(one, other));
    for (const pipe of this.pipes) if (pipe.joins(one, other)) pipe.hangUp();
  }

  /** From now on nothing that is sent to this node arrives: it does not read. */
  deafen(one: NodeId): void {
    for (const pipe of this.pipes) if (pipe.owner === one) pipe.deafen();
  }

  heal(one: NodeId, other: NodeId): void {
    this.cuts.delete(pairOf(one, other));
  }

  /** For transports: takes an address. Throws where it is taken. */
  listen(wanted: string, transport: MemoryTransport): Address {
    const [, host = "", port = "0"] = /^(.*):(\d+)$/.exec(wanted) ?? [];
    const address = addressOf(host, Number(port) || this.freePort());
    if (this.listening.has(address)) {
      const reason = "is taken by another program: stop it or set mesh.listen";
      throw new Error(`port ${port} on ${host} ${reason}`);
    }
    this.listening.set(address, transport);
    return address;
  }

  /** For transports: frees an address. */
  leave(address: Address): void {
    this.listening.delete(address);
  }

  /** For transports: who answers at an address, if it can be reached. */
  reach(from: NodeId, address: Address): MemoryTransport | undefined {
    const found = this.listening.get(address);
    return found === undefined || this.cuts.has(pairOf(from, found.self)) ? undefined : found;
  }

  /** For transports: the two ends of a new connection. */
  connect(one: NodeId, other: NodeId): readonly [MemoryPipe, MemoryPipe] {
    const ends = MemoryPipe.pair(this.schedule, one, other);
    this.pipes = [...this.pipes.filter(({ isOpen }) => isOpen), ...ends];
    return ends;
  }

  /** A port that nobody else has. */
  freePort(): number {
    return this.nextPort++;
  }
}

/** The twin of WebSocketTransport: the same rules over connections in memory. */
export class MemoryTransport implements LinkTransport {
  private readonly table: LinkTable;
  private readonly dialling = new Set<Address>();
  private address: Address | undefined;
  private stopped = false;

  constructor(
    private readonly network: MemoryNetwork,
    private readonly identity: LinkIdentity,
    private readonly listen: string,
  ) {
    this.table = new LinkTable(identity, network.monotonicMs);
  }

  get self(): NodeId {
    return this.identity.self;
  }

  async start(listener: (event: LinkEvent) => void): Promise<void> {
    this.table.start(listener);
    this.address = this.network.listen(this.listen, this);
  }

  bound(): readonly Address[] {
    return this.address === undefined ? [] : [this.address];
  }

  dial(address: Address, expected: NodeId | undefined): void {
    if (this.stopped || this.dialling.has(address)) return;
    this.dialling.add(address);
    this.network.schedule(() => this.connect(address, expected), {});
  }

  send(peer: NodeId, frame: Uint8Array): SendOutcome {
    return this.table.send(peer, frame);
  }

  close(peer: NodeId): void {
    this.table.close(peer);
  }

  stats(): readonly LinkStats[] {
    return this.table.stats();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.table.stop();
    if (this.address !== undefined) this.network.leave(this.address);
  }

  /** For the other transport: a connection from a node whose key is proved. */
  accept(peer: NodeId, pipe: MemoryPipe): void {
    const remote = addressOf("127.0.0.1", this.network.freePort());
    const wire = this.table.greet(pipe, { peer, remote, initiator: "peer" }, (outcome) => {
      if (outcome === "up" || outcome === "replaced") return;
      const reason = outcome === "closed" ? "no-hello" : outcome;
      this.table.tell({ type: "refused", remote, reason });
    });
    pipe.feed(wire);
    wire.sayHello();
  }

  private connect(address: Address, expected: NodeId | undefined): void {
    const over = (outcome: "up" | LinkFailure) => {
      if (!this.dialling.delete(address) || outcome === "up") return;
      const reason = outcome === "closed" ? "unreachable" : outcome;
      this.table.tell({ type: "dial-failed", address, expected, reason });
    };
    if (expected !== undefined && this.table.has(expected)) return over("replaced");
    const found = this.stopped ? undefined : this.network.reach(this.self, address);
    const objection = found && this.table.objection(found.self, expected);
    if (found === undefined) return over("unreachable");
    if (objection !== undefined) return over(objection);
    const [near, far] = this.network.connect(this.self, found.self);
    const about = { peer: found.self, remote: address, initiator: "self" } as const;
    near.feed(this.table.greet(near, about, over));
    found.accept(this.self, far);
  }
}

function pairOf(one: NodeId, other: NodeId): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}
