import { systemTimers } from "../firmware-bridge/src/timers.ts";
import { equalBytes, toHex } from "./base/bytes.ts";
import { type Address, keyOfNodeId, type NodeId, nodeIdOfKey, parseAddress } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import { err, ok, type Result } from "./base/result.ts";
import { type Clock, type Millis, SECOND_MS } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { Sources } from "./link/discovery/choose.ts";
import { ANY_MESH } from "./link/discovery-port.ts";
import { knock } from "./link/knock.ts";
import type { FarEnd } from "./link/knock-port.ts";
import { KNOCK_REFUSALS, type KnockRefusal } from "./office/admissions.ts";
import { WIRE_VERSION } from "./overlay/codec.ts";
import type { Identity } from "./trust/identity.ts";
import { type InvitationCode, TAG_BYTES } from "./trust/invitation-code.ts";
import { invitationKey } from "./trust/invitation-key.ts";
import {
  ANSWERS,
  answerRecord,
  greetingRecord,
  proofBody,
  requestRecord,
} from "./trust/join-messages.ts";
import { Mesh } from "./trust/membership.ts";
import type { Membership } from "./trust/membership-file.ts";
import { createUcanCrypto } from "./trust/ucan-crypto.ts";

/** How often it is looked whether an address is to be tried again. A guess. */
const LOOK_MS = 100;
/** An address that does not answer is tried again after this, then ever more seldom. */
const RETRY_MS_FIRST = 1 * SECOND_MS;
const RETRY_MS_LAST = 30 * SECOND_MS;
/** Who waits to be let in asks again so often: at most a third of KNOCK_MS_MAX. A guess. */
const ASK_MS = 5 * SECOND_MS;
/** With an invitation that an admin is only just told of, sooner. A guess. */
const ASK_MS_INVITED = 1 * SECOND_MS;
/** An invitation made just now may be known elsewhere first. A guess. */
const UNKNOWN_MS_MAX = 8 * SECOND_MS;
/** Addresses tried at once. A guess for a Pi Zero's TLS. */
const KNOCKS_MAX = 4;
const ADDRESSES_MAX = 64;

export interface SeekParts {
  readonly config: Config;
  readonly identity: Identity;
  readonly certificatePem: string;
  readonly invitation: InvitationCode | undefined;
  /** An address that the user gave, beside what the configuration and the LAN tell. */
  readonly address?: Address;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What has come of the seeking so far. */
export type Sought =
  | { readonly type: "seeking"; readonly met: ReadonlySet<NodeId>; readonly trouble: string }
  | { readonly type: "admitted"; readonly membership: Membership }
  | { readonly type: "refused"; readonly refusal: KnockRefusal }
  /** What answers where the user said is not what was sought. */
  | { readonly type: "misled"; readonly says: string };

interface Place {
  dueMs: Millis;
  pauseMs: Millis;
  isAsked: boolean;
}

/** Knocks wherever a mesh may be, until one lets this node in. */
export class MeshSeeker {
  private readonly places = new Map<Address, Place>();
  private readonly met = new Set<NodeId>();
  private readonly sources: Sources;
  private readonly crypto = createUcanCrypto();
  private readonly startedMs: Millis;
  private outcome: Sought | undefined;
  private trouble = "nobody was found";
  private cancel: () => void = () => {};

  constructor(private readonly parts: SeekParts) {
    const { config, identity, invitation, clock, random, log, address } = parts;
    const { discovery, peers, interfaces } = config.mesh;
    this.startedMs = clock.monotonicMs();
    this.sources = new Sources({
      // libp2p's way of telling meshes apart needs to know which one is sought.
      mode: discovery === "off" ? "off" : "dns-sd",
      peers,
      interfaces,
      // It listens nowhere yet: so it is only sought, not told of.
      announcement: {
        id: identity.id,
        host: "127.0.0.1",
        port: 1,
        meshTag: invitation === undefined ? ANY_MESH : toHex(invitation.meshTag),
        version: WIRE_VERSION,
      },
      ...{ clock, random, log, timers: systemTimers },
    });
    if (address !== undefined) this.add(address);
  }

  async start(): Promise<void> {
    await this.sources.start(({ addresses }) => {
      for (const address of addresses) this.add(address);
    });
    const look = () => {
      this.look();
      this.cancel = systemTimers.set(LOOK_MS, look);
    };
    look();
  }

  state(): Sought {
    return this.outcome ?? { type: "seeking", met: this.met, trouble: this.trouble };
  }

  async stop(): Promise<void> {
    this.cancel();
    await this.sources.stop();
  }

  private add(address: Address): void {
    if (this.places.size >= ADDRESSES_MAX || this.places.has(address)) return;
    this.places.set(address, { dueMs: 0, pauseMs: RETRY_MS_FIRST, isAsked: false });
  }

  private look(): void {
    const nowMs = this.parts.clock.monotonicMs();
    const asked = [...this.places.values()].filter(({ isAsked }) => isAsked).length;
    const due = [...this.places].filter(([, { isAsked, dueMs }]) => !isAsked && dueMs <= nowMs);
    if (this.outcome !== undefined) return;
    for (const [address, place] of due.slice(0, KNOCKS_MAX - asked)) {
      place.isAsked = true;
      void this.ask(address).then((againMs) => {
        place.isAsked = false;
        const lastMs = this.parts.address === address ? RETRY_MS_FIRST : RETRY_MS_LAST;
        place.pauseMs = againMs ?? Math.min(lastMs, place.pauseMs * 2);
        place.dueMs = this.parts.clock.monotonicMs() + place.pauseMs;
      });
    }
  }

  /** Gives after what pause to ask there again; undefined: ever more seldom. */
  private async ask(address: Address): Promise<Millis | undefined> {
    const { identity, certificatePem, clock } = this.parts;
    let mesh: Mesh | undefined;
    const answered = await knock({
      address,
      keyPem: identity.privateKeyPem,
      certificatePem,
      request: (from, greeting) => {
        const met = this.meet(from, greeting);
        if (!met.ok && address === this.parts.address) {
          this.outcome ??= { type: "misled", says: met.error };
        }
        if (!met.ok) return met;
        mesh = met.value;
        this.met.add(mesh.id);
        return ok(this.request(mesh.id, from));
      },
    });
    const answer = answered.ok ? answerRecord.decode(answered.value) : answered;
    if (!answer.ok || mesh === undefined) {
      if (!answer.ok) this.trouble = answer.error;
      return undefined;
    }
    const { outcome, refusal, credential, issue = 0 } = answer.value;
    if (ANSWERS[outcome] === "admitted" && credential !== undefined) {
      if (mesh.powerOf(identity.id, credential) === undefined) return undefined;
      const membership = { mesh: mesh.id, credential, issue, contacts: [address] };
      this.outcome ??= { type: "admitted", membership };
    }
    if (ANSWERS[outcome] === "waiting") {
      this.trouble = "nobody has let it in yet";
      return this.parts.invitation === undefined ? ASK_MS : ASK_MS_INVITED;
    }
    const reason = refusal === undefined ? undefined : KNOCK_REFUSALS[refusal];
    if (reason === undefined || reason === "busy") return undefined;
    const isYoung = clock.monotonicMs() - this.startedMs < UNKNOWN_MS_MAX;
    if (reason === "unknown-invitation" && isYoung) return ASK_MS_INVITED;
    if (reason === "said-no" && this.parts.invitation === undefined) return RETRY_MS_LAST;
    this.outcome ??= { type: "refused", refusal: reason };
    return undefined;
  }

  /** The mesh of whoever opened, where it is one that this node may want to be in. */
  private meet({ peer }: FarEnd, greeting: Uint8Array): Result<Mesh> {
    const { invitation } = this.parts;
    const decoded = greetingRecord.decode(greeting);
    if (!decoded.ok) return err("what answers is no Watercooler");
    const key = decoded.value.mesh;
    if (invitation !== undefined && !equalBytes(key.subarray(0, TAG_BYTES), invitation.meshTag)) {
      return err("the nodes found are of another mesh than the invitation");
    }
    const mesh = new Mesh(nodeIdOfKey(key), this.crypto);
    if (mesh.powerOf(peer, decoded.value.credential) !== undefined) return ok(mesh);
    return err("what answers only says that it is of that mesh");
  }

  private request(mesh: NodeId, { peer: member, binding }: FarEnd): Uint8Array {
    const { config, identity, invitation } = this.parts;
    const { name } = config.node;
    if (invitation === undefined) return requestRecord.encode({ name, proof: undefined });
    const holder = invitationKey(invitation.secret);
    const signature = holder.sign(proofBody({ mesh, joiner: identity.id, member, binding }));
    const key = keyOfNodeId(holder.id) ?? new Uint8Array();
    return requestRecord.encode({ name, proof: { key, binding, signature } });
  }
}

/** An address as a user gives it; the mesh port where there is none. */
export function meshAddress(text: string): Result<Address> {
  const found = parseAddress(text) ?? parseAddress(`${text}:7946`);
  return found === undefined ? err(`"${text}" is no address: give host or host:port`) : ok(found);
}
