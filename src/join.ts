import { chownSync, existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { finishRestore } from "./backup/finish-restore.ts";
import { fingerprint } from "./base/fingerprint.ts";
import { err, ok, type Result } from "./base/result.ts";
import { SECOND_MS } from "./base/time.ts";
import type { JoinBy, Joined } from "./cli/deps.ts";
import type { Config } from "./config/config.ts";
import { type EnterPorts, seekMesh, taken } from "./enter-mesh.ts";
import { openPapers } from "./open-parts.ts";
import { meshAddress } from "./seek-mesh.ts";
import { takeLock } from "./store/lock.ts";
import { loadOrCreateIdentity } from "./trust/identity.ts";
import { decodeInvitation } from "./trust/invitation-code.ts";
import { meshTag, signIn } from "./trust/membership.ts";
import { type Membership, readMembership } from "./trust/membership-file.ts";
import { readRootKey } from "./trust/root-key.ts";
import { dropRootKey, waitingRootKey } from "./trust/root-key-file.ts";
import { createUcanCrypto } from "./trust/ucan-crypto.ts";

/** A person waits no longer. A guess. */
const JOIN_MS_MAX = 40 * SECOND_MS;
const STORE = "state.db";
/** What a node leaves behind with its identity. */
const OWN_FILES = [
  ...["identity.pem", "identity.crt", "membership.json"],
  ...[STORE, `${STORE}-wal`, `${STORE}-shm`],
];

/** With those for HTTPS: a copied card has them too. */
function ownFiles(dataDir: string): readonly string[] {
  const there = existsSync(dataDir) ? readdirSync(dataDir) : [];
  return [...OWN_FILES, ...there.filter((name) => /^(?:https\.|authority-)/.test(name))];
}

export interface JoinPorts extends EnterPorts {
  /** A line that somebody types, unseen where that can be, or that a pipe gives. */
  readSecret(prompt: string): Promise<string>;
}

/** `watercooler join`: makes this machine's node a member. The error is one line. */
export async function joinMesh(
  config: Config,
  by: JoinBy,
  ports: JoinPorts,
): Promise<Result<Joined>> {
  const before = existsSync(config.dataDir) ? statSync(config.dataDir) : undefined;
  const done = await joinAs(config, by, ports);
  // With sudo the service's own user has to be able to read what was made.
  if (before !== undefined && process.getuid?.() === 0) giveTo(config.dataDir, before);
  return done;
}

async function joinAs(config: Config, by: JoinBy, ports: JoinPorts): Promise<Result<Joined>> {
  const address = by.address === undefined ? ok(undefined) : meshAddress(by.address);
  if (!address.ok) return address;
  if (by.rootKey) return joinByRootKey(config, { ...by, address: address.value }, ports);
  const code = decodeInvitation(by.code ?? "");
  if (!code.ok) return code;
  const tag = Buffer.from(code.value.meshTag).toString("hex");
  const free = mayLeave(config, by, tag);
  if (!free.ok) return free;
  const papers = await openPapers(config);
  if (!papers.ok) return papers;
  const entering = { config, ...papers.value };
  const limit = AbortSignal.any([ports.signal, AbortSignal.timeout(JOIN_MS_MAX)]);
  const found = await seekMesh(
    entering,
    { ...ports, signal: limit },
    { invitation: code.value, address: address.value },
  );
  if (!found.ok) return found;
  return ok(joined(config, found.value, ports));
}

async function joinByRootKey(
  config: Config,
  { leave, address }: Pick<JoinBy, "leave"> & { readonly address: string | undefined },
  ports: JoinPorts,
): Promise<Result<Joined>> {
  const root = readRootKey(await ports.readSecret("Root key: "));
  if (!root.ok) return root;
  const free = mayLeave(config, { leave }, meshTag(root.value.id), "same mesh too");
  if (!free.ok) return free;
  const papers = await openPapers(config);
  if (!papers.ok) return papers;
  const { id } = papers.value.identity;
  const credential = signIn(root.value, id, "admin", createUcanCrypto());
  const contacts = address === undefined ? [] : [address];
  const issue = (free.value?.issue ?? 0) + 1;
  return ok(joined(config, { mesh: root.value.id, credential, issue, contacts }, ports));
}

/** The membership that there is, where it may be replaced. */
function mayLeave(
  config: Config,
  { leave }: Pick<JoinBy, "leave">,
  tag: string,
  again?: "same mesh too",
): Result<Membership | undefined> {
  const kept = readMembership(config.dataDir);
  if (!kept.ok || kept.value === undefined) return kept;
  const mesh = fingerprint(kept.value.mesh);
  const isSame = meshTag(kept.value.mesh) === tag;
  if (isSame && again === undefined) return err(`this node is in that mesh, ${mesh}, already`);
  if (!isSame && leave === "stay") {
    return err(`this node is in the mesh ${mesh}: add --leave to leave it for the other`);
  }
  const stopped = whileStopped(config, () => kept.value);
  return stopped;
}

function joined(config: Config, membership: Membership, { log }: JoinPorts): Joined {
  taken(config.dataDir, membership, log);
  return { mesh: membership.mesh, fingerprint: fingerprint(membership.mesh) };
}

/** `watercooler rekey`: a fresh identity, and nothing of the old one. */
export function rekey(
  config: Config,
): Result<{ readonly id: string; readonly fingerprint: string }> {
  if (!existsSync(config.dataDir)) return err(`there is no node in ${config.dataDir}`);
  const before = statSync(config.dataDir);
  const dropped = whileStopped(config, () => {
    for (const file of ownFiles(config.dataDir))
      rmSync(join(config.dataDir, file), { force: true });
  });
  if (!dropped.ok) return dropped;
  const made = loadOrCreateIdentity(config.dataDir);
  if (!made.ok) return made;
  if (process.getuid?.() === 0) giveTo(config.dataDir, before);
  return ok({ id: made.value.id, fingerprint: fingerprint(made.value.id) });
}

/** `watercooler root-key`: what waits to be taken away. */
export function rootKey(
  config: Config,
  act: "show" | "remove",
): Result<{ readonly key: string | undefined }> {
  try {
    if (act === "remove") dropRootKey(config.dataDir);
    return ok({ key: waitingRootKey(config.dataDir) });
  } catch (error) {
    return err(`can't read ${config.dataDir}: ${(error as Error).message}`);
  }
}

function whileStopped<T>(config: Config, act: () => T): Result<T> {
  const placed = finishRestore(config.dataDir);
  if (!placed.ok) return placed;
  const lock = takeLock(join(config.dataDir, STORE));
  if (!lock.ok) return err(`the node runs: stop it first (${lock.error.split(":")[0]})`);
  try {
    return ok(act());
  } catch (error) {
    return err(`can't change ${config.dataDir}: ${(error as Error).message}`);
  } finally {
    lock.value.release();
  }
}

function giveTo(dataDir: string, owner: { readonly uid: number; readonly gid: number }): void {
  for (const file of [...ownFiles(dataDir), `${STORE}.lock`]) {
    const path = join(dataDir, file);
    if (existsSync(path)) chownSync(path, owner.uid, owner.gid);
  }
}
