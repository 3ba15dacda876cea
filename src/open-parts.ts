import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Log } from "./base/log.ts";
import { ok, type Result } from "./base/result.ts";
import type { Config } from "./config/config.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";
import { loadOrMintCertificate } from "./trust/certificate.ts";
import { type Identity, loadOrCreateIdentity } from "./trust/identity.ts";
import { makeFolder } from "./trust/make-folder.ts";
import { loadOrCreateSecret } from "./trust/membership.ts";

/** What a node has on disk, open. */
export interface OpenedParts {
  readonly identity: Identity;
  readonly store: Store;
  /** The mesh's root key: who holds it lets nodes in. */
  readonly root: Identity;
  readonly certificatePem: string;
}

/** Opens everything that a start can fail on before anything runs. */
export async function openParts(config: Config, log: Log): Promise<Result<OpenedParts>> {
  for (const folder of [config.dataDir, dirname(config.mesh.secretFile)]) {
    const made = makeFolder(folder);
    if (!made.ok) return made;
  }
  const identity = loadOrCreateIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const secret = loadOrCreateSecret(config.mesh.secretFile);
  if (!secret.ok) return secret;
  if (secret.value.made === "new") {
    log.write("info", "made a new mesh: copy its secret to the other Pis to let them in", {
      file: config.mesh.secretFile,
    });
  }
  const script = builtFile("mint-certificate.js");
  const certificate = await loadOrMintCertificate(config.dataDir, identity.value, script);
  if (!certificate.ok) return certificate;
  const store = openStore(join(config.dataDir, "state.db"), log);
  if (!store.ok) return store;
  const { root } = secret.value;
  return ok({
    identity: identity.value,
    store: store.value,
    root,
    certificatePem: certificate.value,
  });
}

/** The path of a file beside the bundle; compiled for tests, this file lies elsewhere. */
export function builtFile(path: string): string {
  const here = new URL(import.meta.url);
  const bundle = here.pathname.includes("/dist/app/") ? here : new URL("../../app/", here);
  return fileURLToPath(new URL(path, bundle));
}
