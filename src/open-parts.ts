import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { finishRestore } from "./backup/finish-restore.ts";
import { ok, type Result } from "./base/result.ts";
import type { Config } from "./config/config.ts";
import { type EnterPorts, enterMesh } from "./enter-mesh.ts";
import type { Holdable, Store } from "./store/port.ts";
import { openOrStandBy } from "./store/stand-by.ts";
import { loadOrMintCertificate } from "./trust/certificate.ts";
import { type Identity, loadOrCreateIdentity } from "./trust/identity.ts";
import { makeFolder } from "./trust/make-folder.ts";
import type { Membership } from "./trust/membership-file.ts";

/** What a node has on disk, open. */
export interface OpenedParts {
  readonly identity: Identity;
  readonly certificatePem: string;
  readonly membership: Membership;
  readonly store: Store & Holdable;
}

/** Opens everything that a start can fail on before anything runs, and gets into a mesh. */
export async function openParts(config: Config, ports: EnterPorts): Promise<Result<OpenedParts>> {
  const papers = await openPapers(config);
  if (!papers.ok) return papers;
  const entered = await enterMesh({ config, ...papers.value }, ports);
  if (!entered.ok) return entered;
  const store = openOrStandBy(join(config.dataDir, "state.db"), ports.log);
  if (!store.ok) return store;
  return ok({ ...papers.value, membership: entered.value, store: store.value });
}

/** A node's key and certificate, made where there are none. */
export async function openPapers(
  config: Config,
): Promise<Result<Pick<OpenedParts, "identity" | "certificatePem">>> {
  const made = makeFolder(config.dataDir);
  if (!made.ok) return made;
  const placed = finishRestore(config.dataDir);
  if (!placed.ok) return placed;
  const identity = loadOrCreateIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const script = builtFile("mint-certificate.js");
  const certificate = await loadOrMintCertificate(config.dataDir, identity.value, script);
  if (!certificate.ok) return certificate;
  return ok({ identity: identity.value, certificatePem: certificate.value });
}

/** The path of a file beside the bundle; compiled for tests, this file lies elsewhere. */
export function builtFile(path: string): string {
  const here = new URL(import.meta.url);
  const bundle = here.pathname.includes("/dist/app/") ? here : new URL("../../app/", here);
  return fileURLToPath(new URL(path, bundle));
}
