import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromUtf8 } from "../base/bytes.ts";
import { err, ok, type Result } from "../base/result.ts";
import { checkConfig } from "./check.ts";
import { type Config, completeConfig, type Overrides, type Surroundings } from "./config.ts";

/** Larger files are surely no configuration: 300 sensors take half of it. */
const FILE_BYTES_MAX = 64 * 1024;
const SYSTEM_FILE = "/etc/watercooler/watercooler.yaml";

export interface LoadOptions extends Surroundings {
  /** What `--config` says. */
  readonly explicitPath?: string;
  readonly cwd: string;
  readonly overrides?: Overrides;
}

export interface Loaded {
  readonly config: Config;
  /** Undefined where no file was found: all defaults. */
  readonly path: string | undefined;
}

/** Finds, reads and checks the configuration. The error is one line for each thing to mend. */
export async function loadConfig(options: LoadOptions): Promise<Result<Loaded, readonly string[]>> {
  const { path, because } = findFile(options);
  if (path === undefined) {
    return ok({ config: completeConfig({}, options, options.overrides), path });
  }
  const read = readFile(path);
  if (!read.ok) return err([`${path}: ${read.error}${because}`]);
  const checked = await checkConfig(path, read.value);
  if (!checked.ok) return checked;
  return ok({ config: completeConfig(checked.value, options, options.overrides), path });
}

function readFile(path: string): Result<string> {
  const over = `over ${FILE_BYTES_MAX} bytes: this is no configuration`;
  try {
    // Looked at before it is read, so that a disk image named by mistake is not read into memory.
    if (statSync(path).size > FILE_BYTES_MAX) return err(over);
    const bytes = readFileSync(path);
    if (bytes.length > FILE_BYTES_MAX) return err(over);
    const text = fromUtf8(bytes);
    return text === undefined ? err("not text in UTF-8: save it as such") : ok(text);
  } catch (error) {
    return err(explain((error as NodeJS.ErrnoException).code));
  }
}

function explain(code: string | undefined): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "may not be read by this user: use sudo, or chmod or chown it";
    case "EISDIR":
      return "this is a folder: name the file in it";
    default:
      return `can't be read (${code ?? "unknown reason"})`;
  }
}

function findFile(options: LoadOptions): { path: string | undefined; because: string } {
  const { explicitPath, env, cwd } = options;
  if (explicitPath !== undefined) return { path: explicitPath, because: "" };
  if (env.WATERCOOLER_CONFIG) {
    return { path: env.WATERCOOLER_CONFIG, because: " (named by $WATERCOOLER_CONFIG)" };
  }
  return { path: [join(cwd, "watercooler.yaml"), SYSTEM_FILE].find(isThere), because: "" };
}

/** True also where it is there but may not be looked at: reading it then says so. */
function isThere(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EACCES";
  }
}
