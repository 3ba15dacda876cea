import { equalBytes } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import { type Clock, HOUR_MS, MINUTE_MS, type Millis, SECOND_MS } from "../base/time.ts";
import {
  AUTHORITY_KEY,
  type Authority,
  authorityRecord,
  certificateKey,
  certificateOf,
  certificateRecord,
  hostsTold,
  isLoopbackHost,
  parseCertificateKey,
  requestedKey,
} from "../office/https.ts";
import { nodeName, silentNodes } from "../office/nodes.ts";
import type { Replica } from "../replica/replica.ts";
import type { HttpsAuthority } from "./https-authority.ts";
import type { Node } from "./node.ts";

/** How often requests are looked at. A guess: nobody waits longer. */
const LOOK_MS = SECOND_MS;
/** So long an authority that is there may take to be heard of. A guess: gossip takes a third. */
const SETTLE_MS = 3 * SECOND_MS;
/** So long an admin gets before the next one takes its place. */
const TURN_MS = 3 * SECOND_MS;
/** A node whose addresses come and go costs no more than a certificate in this span. A guess. */
const AGAIN_MS = MINUTE_MS;
/**
 * How long a certificate holds. Less than the 825 days that Apple's systems take
 * (support.apple.com/103769); renewed at half of it, so that the authority may be away for 90 days.
 */
export const CERTIFICATE_LIFE_MS = 180 * 24 * HOUR_MS;
const RENEW_MS = CERTIFICATE_LIFE_MS / 2;

export interface IssuerParts {
  readonly self: NodeId;
  readonly node: Pick<Node, "write" | "every" | "isClone">;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly log: Log;
  readonly authority: HttpsAuthority;
  /** Admins that live. */
  admins(): readonly NodeId[];
  /** Before this the wall clock was never set. */
  readonly clockSetMs: Millis;
  readonly mint: {
    authority(
      wallMs: Millis,
    ): Promise<{ readonly certificate: Uint8Array; readonly madeWallMs: Millis }>;
    issue(order: {
      readonly authority: Uint8Array;
      readonly key: Uint8Array;
      readonly names: readonly string[];
      readonly wallMs: Millis;
      readonly lifeMs: Millis;
    }): Promise<Uint8Array>;
  };
}

/**
 * The certificate authority, on an admin.
 *
 * Where nobody is it, one of the admins becomes it. It signs for each node the names and addresses
 * that the node tells as its own, except those that another living node had signed before.
 */
export class CertificateIssuer {
  private busy = false;
  private noneSinceMs: Millis | undefined;
  private failureSaidMs: Millis = Number.NEGATIVE_INFINITY;
  private readonly triedMs = new Map<NodeId, Millis>();

  constructor(private readonly parts: IssuerParts) {}

  start(): void {
    this.parts.node.every(LOOK_MS, () => {
      if (this.busy) return;
      this.busy = true;
      this.look()
        .catch((error: Error) => this.failed(error))
        .finally(() => {
          this.busy = false;
        });
    });
  }

  private async look(): Promise<void> {
    const { self, clock, authority, replica, node, clockSetMs } = this.parts;
    const rank = [...this.parts.admins()].sort().indexOf(self);
    if (rank < 0 || node.isClone || clock.wallMs() < clockSetMs) return;
    const current = authority.current();
    if (current === undefined) return this.becomeAuthority(rank);
    this.noneSinceMs = undefined;
    if (current.node === self) return this.serve(current);
    // Made on the other side of a cut, and later.
    if (replica.get(self, AUTHORITY_KEY)?.entry.value !== undefined) {
      node.write(AUTHORITY_KEY, undefined, "durable");
    }
  }

  private async becomeAuthority(rank: number): Promise<void> {
    const { clock, node, log, mint } = this.parts;
    const nowMs = clock.monotonicMs();
    this.noneSinceMs ??= nowMs;
    if (nowMs - this.noneSinceMs < SETTLE_MS + rank * TURN_MS) return;
    const made = await mint.authority(Math.floor(clock.wallMs()));
    // Another one may have been heard of meanwhile.
    if (this.parts.authority.current() !== undefined) return;
    const written = node.write(AUTHORITY_KEY, authorityRecord.encode(made), "durable");
    if (written.ok) log.write("info", "this node is the mesh's certificate authority for HTTPS");
  }

  private async serve(current: Authority): Promise<void> {
    this.withdraw();
    const ids = [...this.parts.replica.origins()].map(({ origin }) => origin);
    for (const id of ids) await this.serveOne(current, id);
  }

  private async serveOne({ certificate: authority }: Authority, id: NodeId): Promise<void> {
    const { self, node, replica, clock, mint, log } = this.parts;
    const key = requestedKey(replica, id);
    if (key === undefined) return;
    const names = this.namesFor(id);
    const nowMs = clock.monotonicMs();
    const isDue = nowMs - (this.triedMs.get(id) ?? Number.NEGATIVE_INFINITY) >= AGAIN_MS;
    if (names.length === 0 || !isDue || !this.isWanting(id, key, names)) return;
    this.triedMs.set(id, nowMs);
    const wallMs = Math.floor(clock.wallMs());
    const order = { authority, key, names, wallMs, lifeMs: CERTIFICATE_LIFE_MS };
    const certificate = await mint.issue(order);
    if (requestedKey(replica, id) === undefined) return;
    const value = certificateRecord.encode({ certificate, key, names, madeWallMs: wallMs });
    const written = node.write(certificateKey(id), value, "durable");
    if (!written.ok) return;
    const told = { node: nodeName(replica, id), names: names.join() };
    log.write("info", id === self ? "certified itself" : "certified a node", told);
  }

  /** Whether a node has no certificate that does. */
  private isWanting(id: NodeId, key: Uint8Array, names: readonly string[]): boolean {
    const { self, replica, clock } = this.parts;
    const made = certificateOf(replica, self, id);
    if (made === undefined || !equalBytes(made.key, key)) return true;
    if (names.some((name) => !made.names.includes(name))) return true;
    // A clock that was ahead when it was made counts too.
    return Math.abs(clock.wallMs() - made.madeWallMs) > RENEW_MS;
  }

  /** What a node tells as its own, without what another one was certified for and still tells. */
  private namesFor(id: NodeId): readonly string[] {
    const { self, replica, clock } = this.parts;
    const silent = new Set(silentNodes(replica, self, clock.monotonicMs()));
    const taken = new Set<string>();
    for (const { origin } of replica.origins()) {
      if (origin === id || silent.has(origin)) continue;
      const told = hostsTold(replica, origin);
      for (const name of certificateOf(replica, self, origin)?.names ?? []) {
        if (told.includes(name)) taken.add(name);
      }
    }
    return hostsTold(replica, id).filter((name) => isLoopbackHost(name) || !taken.has(name));
  }

  /** Drops what was made for nodes that are gone, or want it no more. */
  private withdraw(): void {
    const { self, node, replica } = this.parts;
    for (const [key, { entry }] of [...(replica.state(self)?.held ?? [])]) {
      const id = parseCertificateKey(key);
      if (id === undefined || entry.value === undefined) continue;
      if (requestedKey(replica, id) === undefined) node.write(key, undefined, "batched");
    }
  }

  private failed(error: Error): void {
    const nowMs = this.parts.clock.monotonicMs();
    if (nowMs - this.failureSaidMs < MINUTE_MS) return;
    this.failureSaidMs = nowMs;
    this.parts.log.write("error", `no certificate could be made: ${error.message}`);
  }
}
