import { readFileSync, statSync } from "node:fs";
import { err, ok, type Result } from "../base/result.ts";
import type { SecretSource } from "../config/edge-settings.ts";

/** No token is longer; a disk image named by mistake is not read. A guess. */
const SECRET_BYTES_MAX = 16 * 1024;

/** Reads a secret. The error is one line that says where it was looked for, never what it is. */
export function readSecret(source: SecretSource, env: NodeJS.ProcessEnv): Result<string> {
  if (source.from === "text") return ok(source.text);
  if (source.from === "env") {
    const value = env[source.variable]?.trim();
    return value ? ok(value) : err(`set the environment variable ${source.variable}`);
  }
  try {
    if (statSync(source.path).size > SECRET_BYTES_MAX) return err(`${source.path} is no secret`);
    const value = readFileSync(source.path, "utf8").trim();
    return value === "" ? err(`${source.path} is empty: put the secret there`) : ok(value);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err(`${source.path} can't be read (${code}): put the secret there`);
  }
}

/** Reads the certificates of who is trusted to certify a server, in PEM. */
export function readAuthority(path: string): Result<string> {
  try {
    return ok(readFileSync(path, "utf8"));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return err(`ca_file ${path} can't be read (${code})`);
  }
}
