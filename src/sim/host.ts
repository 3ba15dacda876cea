import type { Timers } from "../../firmware-bridge/src/timers.ts";
import { utf8 } from "../base/bytes.ts";
import { addressOf, type NodeId, nodeIdOfKey } from "../base/id.ts";
import { silentLog } from "../base/log.ts";
import { randomInt, type SeededRandom } from "../base/random.ts";
import type { AssembledNode } from "../node/assemble.ts";
import { assembleNode } from "../node/assemble.ts";
import { SelfReport } from "../node/self-report.ts";
import type { OverlayParameters } from "../overlay/parameters.ts";
import { MemoryStore } from "../store/memory.ts";
import type { Durability } from "../store/port.ts";
import type { SimClock } from "./clock.ts";
import { type Segment, SimDiscovery } from "./discovery.ts";
import { codecOf, entryCodec, type Framing } from "./frames.ts";
import { MESH_PORT, SimTransport } from "./transport.ts";
import { keyOfName, SIM_CREDENTIAL, simSign, simTrust } from "./trust.ts";

/** A process of a host: the daemon's own node, with the simulated world for hands. */
export interface SimProcess extends AssembledNode {
  readonly transport: SimTransport;
  readonly boot: string;
}

/** What makes a host differ from the others. */
export interface HostTraits {
  /** Whose key it has; its own without. */
  readonly identity?: string;
  /** Whose board it is; its own without. */
  readonly machine?: string;
  /** Which mesh it belongs to. */
  readonly mesh?: string;
  readonly framing?: Framing;
}

export interface HostParts extends HostTraits {
  readonly clock: SimClock;
  readonly segment: Segment;
  readonly parameters: OverlayParameters;
  readonly random: SeededRandom;
  /** Called for each process that starts, before anything happens to it. */
  readonly onStart: (host: SimHost, process: SimProcess) => void;
}

/** One machine: a card, clocks, and at times a process. */
export class SimHost {
  readonly id: NodeId;
  disk = new MemoryStore();
  process: SimProcess | undefined;
  /** Does nothing until it is thawed, as after SIGSTOP. */
  isFrozen = false;
  /** Gone for good. */
  isRetired = false;
  private backlog: (() => void)[] = [];

  /** Names the key; a cloned card has another host's. */
  readonly identity: string;
  /** Names the board. */
  private readonly machine: string;

  /** `name` is also the address. */
  constructor(
    readonly name: string,
    readonly parts: HostParts,
  ) {
    this.identity = parts.identity ?? name;
    this.machine = parts.machine ?? name;
    this.id = nodeIdOfKey(keyOfName(this.identity));
  }

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  /** Runs, and has not left the mesh as a clone or because it was put out. */
  get isMember(): boolean {
    const node = this.process?.node;
    return node !== undefined && !node.isClone && !node.isForgotten;
  }

  /** Starts a process on what the card holds. */
  start(): void {
    if (this.process !== undefined || this.isRetired) return;
    const { clock, segment, random, parameters, framing = "by-reference" } = this.parts;
    clock.startProcess();
    const boot = `${this.name}-${randomInt(random, 2 ** 32).toString(16)}`;
    const current = () => this.process?.boot === boot;
    const guarded = (run: () => void) => () => {
      if (!current()) return;
      // What waits goes first: a process sees its own events in their order.
      if (this.isFrozen || this.backlog.length > 0) this.backlog.push(() => current() && run());
      else run();
    };
    const timers: Timers = { set: (ms, run) => clock.set(ms, guarded(run)) };
    const { name: host, id: self } = this;
    const who = { host, self, boot, mesh: this.parts.mesh ?? "" };
    const transport = new SimTransport(
      who,
      segment.network,
      (event) => guarded(() => this.process?.node.onLink(event))(),
      (peer) => this.process?.replica.isRetired(peer) !== true,
    );
    const discovery = new SimDiscovery(transport, segment, random.fork(), timers.set);
    const addresses = () => [addressOf(this.name, MESH_PORT)];
    const assembled = assembleNode({
      identity: {
        self: this.id,
        boot,
        credential: SIM_CREDENTIAL,
        machine: this.machine,
        sign: (body) => simSign(this.id, body),
      },
      trust: simTrust,
      parameters,
      addresses,
      entryCodec,
      frameCodec: codecOf(framing),
      store: this.disk,
      transport,
      discovery,
      clock,
      timers,
      random: random.fork(),
      log: silentLog,
    });
    this.process = { ...assembled, transport, boot };
    segment.network.attach(transport);
    this.parts.onStart(this, this.process);
    assembled.node.begin();
    discovery.open((hint) => this.process?.node.onHint(hint));
    this.report(assembled, addresses);
  }

  /** kill -9: the kernel closes the sockets, and what was committed stays. */
  kill(): void {
    this.end("told");
  }

  /** Pulls the plug: nobody is told, and some of the last batched commits are gone. */
  powerCut(): number {
    this.end("mute");
    const unsynced = this.disk.unsyncedCommits;
    const kept = randomInt(this.parts.random, unsynced + 1);
    this.disk.powerCut(kept);
    return unsynced - kept;
  }

  /** SIGTERM: says goodbye and writes everything down. */
  stop(): void {
    const { process } = this;
    if (process === undefined) return;
    void process.node.stop();
    this.end("told");
  }

  thaw(): void {
    this.isFrozen = false;
    for (let at = 0; at < this.backlog.length; at++) this.backlog[at]?.();
    this.backlog = [];
  }

  /** Writes under a key of this node; gives whether it was acknowledged. */
  write(key: string, value: string | undefined, durability: Durability): "acked" | "refused" {
    if (this.process === undefined || this.isFrozen) return "refused";
    const bytes = value === undefined ? undefined : utf8(value);
    return this.process.node.write(key, bytes, durability).ok ? "acked" : "refused";
  }

  /** What this host shows under a key of some node. */
  read(origin: NodeId, key: string): string | undefined {
    const value = this.process?.replica.get(origin, key)?.entry.value;
    return value === undefined ? undefined : new TextDecoder().decode(value);
  }

  private end(manner: "told" | "mute"): void {
    const { process } = this;
    this.process = undefined;
    this.isFrozen = false;
    this.backlog = [];
    process?.transport.die(manner);
  }

  private report(
    { node, replica, overlay }: AssembledNode,
    addresses: () => ReturnType<SimTransport["bound"]>,
  ): void {
    const { clock } = this.parts;
    new SelfReport({
      node,
      replica,
      overlay,
      clock,
      sensors: [],
      watch: undefined,
      naming: { name: this.name, room: this.name },
      version: "0",
      addresses,
      api: () => [],
    }).start();
  }
}
