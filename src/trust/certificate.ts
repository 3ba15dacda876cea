import { spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { join } from "node:path";
import { equalBytes } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { type Identity, rawPublicKey, readIfThere, writeSecret } from "./identity.ts";

const CERTIFICATE_FILE = "identity.crt";
/** Minting takes a third of a second here; a Pi Zero on a bad day gets this long. */
const MINT_MS_MAX = 60_000;

/**
 * The TLS certificate of a node's key, in PEM: kept beside the key, made anew when it is missing,
 * unreadable or not of this key. `mintScript` is run for that as a process of its own.
 */
export async function loadOrMintCertificate(
  dataDir: string,
  identity: Identity,
  mintScript: string,
): Promise<Result<string>> {
  const path = join(dataDir, CERTIFICATE_FILE);
  try {
    const kept = readIfSound(path, identity);
    if (kept !== undefined) return ok(kept);
    const minted = await mint(identity.privateKeyPem, mintScript);
    if (!isOf(minted, identity)) return err("the certificate that was made is not of this key");
    writeSecret(path, minted);
    return ok(minted);
  } catch (error) {
    return err(`can't make the certificate ${path}: ${(error as Error).message}`);
  }
}

/** The certificate kept, where it can be read and is of this key. */
function readIfSound(path: string, identity: Identity): string | undefined {
  try {
    const kept = readIfThere(path);
    return kept !== undefined && isOf(kept, identity) ? kept : undefined;
  } catch {
    return undefined;
  }
}

function isOf(pem: string, identity: Identity): boolean {
  try {
    return equalBytes(rawPublicKey(new X509Certificate(pem).publicKey), identity.publicKey);
  } catch {
    return false;
  }
}

/** What a minting script says to what it is told, run as a process of its own. */
export function mint(told: string, script: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script], {
      stdio: ["pipe", "pipe", "pipe"],
      timeout: MINT_MS_MAX,
    });
    let out = "";
    let errors = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
    });
    child.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(out);
      else reject(new Error(errors.trim().split("\n").at(-1) ?? `exit code ${code}`));
    });
    child.stdin.on("error", () => {});
    child.stdin.end(told);
  });
}
