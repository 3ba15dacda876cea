import { fingerprint } from "./base/fingerprint.ts";
import type { Address } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import { SeededRandom } from "./base/random.ts";
import { err, ok, type Result } from "./base/result.ts";
import { type Clock, MINUTE_MS, SECOND_MS } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import type { KnockRefusal } from "./office/admissions.ts";
import { MeshSeeker, type Sought } from "./seek-mesh.ts";
import type { Identity } from "./trust/identity.ts";
import { decodeInvitation, type InvitationCode } from "./trust/invitation-code.ts";
import { signIn } from "./trust/membership.ts";
import { type Membership, readMembership, writeMembership } from "./trust/membership-file.ts";
import { makeRootKey } from "./trust/root-key.ts";
import { keepRootKey } from "./trust/root-key-file.ts";
import { createUcanCrypto } from "./trust/ucan-crypto.ts";

/** So long is looked for a mesh before one is made. A guess: DNS-SD answers within a second. */
const LOOK_AROUND_MS = 5 * SECOND_MS;
const POLL_MS = 100;
/** An invitation may not be known everywhere yet, and who is busy is not for ever. */
const MAY_CHANGE: readonly KnockRefusal[] = ["unknown-invitation", "busy"];

export interface EnterPorts {
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the user gives up. */
  readonly signal: AbortSignal;
  /** Shows a new mesh's root key to a person, this once; absent where nobody looks. */
  tellRootKey?(text: string, mesh: string): void;
  /** Told when the mesh has said no, and would say so again: somebody has to do something first. */
  shutOut?(): void;
  /** Told what a node waits for before it is in a mesh; a person may have to do something. */
  waiting?(text: string): void;
}

export interface Entering {
  readonly config: Config;
  readonly identity: Identity;
  readonly certificatePem: string;
}

/** This node's membership: the one it has, one that it is given, or that of a mesh it makes. */
export async function enterMesh(
  entering: Entering,
  ports: EnterPorts,
): Promise<Result<Membership>> {
  const { config } = entering;
  const kept = readMembership(config.dataDir);
  if (!kept.ok) return kept;
  if (kept.value !== undefined) return ok(kept.value);
  const { invite, discovery, peers } = config.mesh;
  const code = invite === "" ? ok(undefined) : decodeInvitation(invite);
  if (!code.ok) return err(`mesh.invite: ${code.error}`);
  if (code.value === undefined && discovery === "off" && peers.length === 0) {
    return makeMesh(entering, ports);
  }
  return seek(entering, ports, code.value);
}

/** Enters a mesh by an invitation, whatever membership there is; it is not kept yet. */
export async function seekMesh(
  entering: Entering,
  { clock, log, signal }: EnterPorts,
  by: { readonly invitation: InvitationCode; readonly address: Address | undefined },
): Promise<Result<Membership>> {
  const { invitation, address } = by;
  const random = new SeededRandom(clock.wallMs());
  const where = address === undefined ? {} : { address };
  const parts = { ...entering, invitation, ...where, clock, random, log };
  const seeker = new MeshSeeker(parts);
  await seeker.start();
  try {
    while (!signal.aborted) {
      const sought = seeker.state();
      if (sought.type === "admitted") return ok(sought.membership);
      if (sought.type === "refused") return err(refusalText(sought.refusal));
      if (sought.type === "misled") return err(`${sought.says}: look at the address and the code`);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    const sought = seeker.state();
    const why = sought.type === "seeking" ? sought.trouble : "stopped";
    return err(`not let in (${why}): give a member's address, as in "watercooler join CODE HOST"`);
  } finally {
    await seeker.stop();
  }
}

async function seek(
  entering: Entering,
  ports: EnterPorts,
  invitation: InvitationCode | undefined,
): Promise<Result<Membership>> {
  const { config, identity } = entering;
  const { clock, log, signal } = ports;
  const random = new SeededRandom(clock.wallMs());
  const seeker = new MeshSeeker({ ...entering, invitation, clock, random, log });
  await seeker.start();
  const startedMs = clock.monotonicMs();
  let saidMs = Number.NEGATIVE_INFINITY;
  try {
    while (!signal.aborted) {
      // The `join` command, run beside us, may have let us in.
      const kept = readMembership(config.dataDir);
      if (kept.ok && kept.value !== undefined) return ok(kept.value);
      const sought = seeker.state();
      if (sought.type === "admitted") return ok(taken(config.dataDir, sought.membership, log));
      if (sought.type === "refused") {
        if (!MAY_CHANGE.includes(sought.refusal)) ports.shutOut?.();
        return err(refusalText(sought.refusal));
      }
      if (sought.type === "misled") return err(`${sought.says}: look at the address and the code`);
      const nowMs = clock.monotonicMs();
      const isAlone = invitation === undefined && sought.met.size === 0;
      if (isAlone && nowMs - startedMs > LOOK_AROUND_MS) return makeMesh(entering, ports);
      if (!isAlone && nowMs - saidMs > MINUTE_MS) {
        saidMs = nowMs;
        ports.waiting?.(tellWaiting(log, identity, sought, invitation));
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return err("stopped before it was in a mesh");
  } finally {
    await seeker.stop();
  }
}

function tellWaiting(
  log: Log,
  { id }: Identity,
  sought: Extract<Sought, { type: "seeking" }>,
  invitation: InvitationCode | undefined,
): string {
  if (invitation !== undefined) {
    const what = "looking for the mesh of the invitation";
    log.write("info", what, { now: sought.trouble });
    return what;
  }
  const mesh = [...sought.met].map(fingerprint).join(", ");
  const what = `found a mesh; to let this node in, run: watercooler admit ${fingerprint(id)}`;
  log.write("warn", what, { mesh });
  return what;
}

/** Keeps a membership that was given. */
export function taken(dataDir: string, membership: Membership, log: Log): Membership {
  writeMembership(dataDir, membership);
  log.write("info", "this node is in the mesh now", { mesh: fingerprint(membership.mesh) });
  return membership;
}

/** The first node: its mesh's root key signs it in, and is nowhere afterwards but with people. */
function makeMesh({ config, identity }: Entering, ports: EnterPorts): Result<Membership> {
  const { root, text } = makeRootKey();
  const credential = signIn(root, identity.id, "admin", createUcanCrypto());
  const membership = { mesh: root.id, credential, issue: 0, contacts: [] };
  try {
    // First, so that no mesh is without: where nobody looks it waits to be taken.
    const file = ports.tellRootKey === undefined ? keepRootKey(config.dataDir, text) : undefined;
    writeMembership(config.dataDir, membership);
    const mesh = fingerprint(root.id);
    ports.log.write("info", "made a new mesh", { mesh });
    ports.tellRootKey?.(text, mesh);
    if (file !== undefined) {
      ports.log.write("warn", "take the mesh's root key away: run watercooler root-key", { file });
    }
    return ok(membership);
  } catch (error) {
    return err(`can't keep the new mesh in ${config.dataDir}: ${(error as Error).message}`);
  }
}

/** Why a node was not let in, and what to do, in one line. */
export function refusalText(refusal: KnockRefusal): string {
  switch (refusal) {
    case "unknown-invitation":
      return "the mesh knows no such invitation: make a new one with watercooler invite";
    case "expired":
      return "the invitation has expired: make a new one with watercooler invite";
    case "used-up":
      return "the invitation is used up: make a new one with watercooler invite";
    case "revoked":
      return "the invitation was taken back: make a new one with watercooler invite";
    case "said-no":
      return "somebody refused to let this node in: ask them";
    case "forgotten":
      return "this node was put out of the mesh: run watercooler rekey, then join again";
    case "bad-proof":
      return "the mesh did not accept the proof of the invitation: join again";
    case "busy":
      return "the mesh has too many who wait, or can't write now: try again later";
  }
}
