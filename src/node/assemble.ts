import type { Timers } from "../../firmware-bridge/src/timers.ts";
import type { Address, NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Random } from "../base/random.ts";
import type { Clock } from "../base/time.ts";
import type { Discovery } from "../link/discovery-port.ts";
import type { LinkTransport } from "../link/port.ts";
import { claimWithdrawal } from "../office/claims.ts";
import { silentNodes } from "../office/nodes.ts";
import { aged, carryOver } from "../office/records.ts";
import type { FrameCodec } from "../overlay/codec.ts";
import { Overlay } from "../overlay/overlay.ts";
import type { OverlayParameters } from "../overlay/parameters.ts";
import type { EntryCodec } from "../replica/entry-codec.ts";
import { Replica, type ReplicaPorts } from "../replica/replica.ts";
import { Writer } from "../replica/writer.ts";
import type { Snapshot, Store } from "../store/port.ts";
import { Counters } from "./counters.ts";
import { Node } from "./node.ts";
import { Persistence } from "./persistence.ts";

/** Who a process is: its key stays outside, only `sign` is handed in. */
export interface ProcessIdentity {
  readonly self: NodeId;
  /** Random for this start of the process. */
  readonly boot: string;
  /** The newest one: another may be made for this node while it runs. */
  readonly credential: Uint8Array;
  /** Its mesh; what a store holds of another is dropped. */
  readonly mesh?: NodeId;
  /** This machine, so that a card that was moved to another is noticed. */
  readonly machine: string;
  sign(body: Uint8Array): Uint8Array;
}

export interface AssemblyParts {
  readonly identity: ProcessIdentity;
  readonly trust: ReplicaPorts;
  readonly parameters: OverlayParameters;
  readonly addresses: () => readonly Address[];
  readonly entryCodec: EntryCodec;
  readonly frameCodec: FrameCodec;
  readonly store: Store;
  readonly transport: LinkTransport;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
  /** Called before anything is held. */
  readonly prepare?: (replica: Replica) => void;
}

export interface AssembledNode {
  readonly node: Node;
  readonly replica: Replica;
  readonly overlay: Overlay;
  readonly writer: Writer;
  readonly counters: Counters;
  readonly persistence: Persistence;
}

/** Puts a node together on what its store holds: the same for the daemon and for the simulator. */
export function assembleNode(parts: AssemblyParts): AssembledNode {
  const { identity, clock, random, store, log, parameters, addresses } = parts;
  const { self, boot } = identity;
  const replica = new Replica({ ...parts.trust, withdrawal: claimWithdrawal });
  parts.prepare?.(replica);
  const persistence = new Persistence(store, replica, self, clock);
  const snapshot = ofThisMesh(store, identity.mesh);
  persistence.restore(snapshot, parts.entryCodec);
  replica.sweep();
  replica.reconsider();
  const { machine } = snapshot.meta;
  if (machine === undefined) store.commit({ meta: { machine: identity.machine } }, "durable");
  const moved = machine !== undefined && machine !== identity.machine;
  const writer = new Writer(replica, {
    self,
    get credential() {
      return identity.credential;
    },
    boot,
    moved,
    random,
    codec: parts.entryCodec,
    sign: identity.sign,
    carry: carryOver,
    aged,
    reserved: Number(snapshot.meta.incarnation ?? 0),
    reserve: (incarnation) => {
      store.commit({ meta: { incarnation: String(incarnation) } }, "durable");
    },
  });
  const silent = (nowMs: number) =>
    silentNodes(replica, self, nowMs).filter((id) => !replica.isReplaced(id));
  const overlay = new Overlay({ self, addresses, replica, parameters, random, clock, silent });
  for (const { id, addresses: known } of snapshot.remembered) {
    overlay.handle({ type: "hint", peer: { id, addresses: known } }, clock.monotonicMs());
  }
  const counters = new Counters(log, clock);
  const { transport, discovery, timers, frameCodec: codec } = parts;
  const core = { self, boot, moved, replica, writer, overlay, codec, persistence };
  const node = new Node({ ...core, transport, discovery, counters, clock, timers, log });
  return { node, replica, overlay, writer, counters, persistence };
}

/** What the store holds, without what was written in another mesh. */
function ofThisMesh(store: Store, mesh: NodeId | undefined): Snapshot {
  const snapshot = store.load();
  const { mesh: written } = snapshot.meta;
  if (mesh === undefined || written === mesh) return snapshot;
  if (written === undefined) {
    store.commit({ meta: { mesh } }, "durable");
    return snapshot;
  }
  const forget = snapshot.origins.map(({ origin }) => origin);
  store.commit({ forget, meta: { mesh } }, "durable");
  return { ...snapshot, origins: [], remembered: [] };
}
