import { resolve } from "node:path";
import * as v from "valibot";
import type { Config } from "../config/config.ts";
import { clientOf } from "./asking.ts";
import type { NodeClient } from "./client.ts";
import { type BackupHow, type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { loadOrFail } from "./load-config.ts";
import { bytes, plain } from "./words.ts";

/** Where a package puts the configuration. */
const CONFIG_DEFAULT = "/etc/watercooler/watercooler.yaml";

interface OwnOptions {
  readonly config?: string;
  readonly data?: string;
  readonly force?: true;
  readonly json?: true;
}

export interface BackingUp extends OwnOptions {
  readonly history: boolean;
  readonly withoutHistory?: true;
  readonly node?: string;
}

export interface Restoring extends OwnOptions {
  readonly withConfig?: true;
}

const heldDocument = v.object({ hold: v.number(), pid: v.number() });
const releasedDocument = v.object({ still: v.boolean() });

/** `backup`: this machine's node in one file, running or not. */
export async function backup(deps: CliDeps, file: string, options: BackingUp): Promise<void> {
  const loaded = await loadOrFail(deps, options.config, overridesOf(options));
  const made = await deps.backup(loaded, {
    path: resolve(deps.cwd, file),
    overwrite: options.force ? "replace" : "refuse",
    history: options.withoutHistory ? "without" : "with",
    node: holderOf(() => nodeOf(deps, options, loaded.config)),
    progress: progressOn(deps),
  });
  if (options.json) return printJson(deps, made);
  deps.stdout(`${plain(made.file)}: ${bytes(made.bytes)}, all that the node needs.\n`);
  deps.stdout("It has the node's private key: keep it where nobody else can read it.\n");
}

/** `restore`: a backup back in its place. */
export async function restore(deps: CliDeps, file: string, options: Restoring): Promise<void> {
  const { withConfig, data } = options;
  const overrides = overridesOf(options);
  const named = options.config ?? (deps.env.WATERCOOLER_CONFIG || undefined);
  // What is to be put there need not be there yet.
  const isNamed = withConfig === true && named !== undefined;
  const { config, path } = await loadOrFail(deps, isNamed ? "/dev/null" : named, overrides);
  const configPath = (isNamed ? named : path) ?? CONFIG_DEFAULT;
  const done = await deps.restore(config, {
    path: resolve(deps.cwd, file),
    over: options.force ? "move aside" : "refuse",
    configPath: withConfig ? resolve(deps.cwd, configPath) : undefined,
    dataDirOf: async (at) => data ?? (await loadOrFail(deps, at)).config.dataDir,
  });
  if (options.json) return printJson(deps, done);
  deps.stdout(`${plain(done.name)} of ${done.made_at} is in ${plain(done.data)}.\n`);
  if (done.before !== null) deps.stdout(`What was there is in ${plain(done.before)}.\n`);
  if (done.config !== null) deps.stdout(`Its configuration is ${plain(done.config)}.\n`);
  deps.stdout("Start it, if the node it is a copy of does not run any more.\n");
}

function overridesOf({ data }: OwnOptions) {
  return data === undefined ? {} : { dataDir: data };
}

/** The client is made when the node turns out to run. */
function holderOf(client: () => NodeClient): BackupHow["node"] {
  return {
    hold: async (file) => client().post("/v1/backup", { file }, heldDocument),
    release: async (hold) => {
      const path = `/v1/backup/${hold}`;
      return client().checked(path, await client().send("DELETE", path), releasedDocument);
    },
  };
}

/** The node on this machine: as named, else as its configuration has it. */
function nodeOf(deps: CliDeps, { node }: BackingUp, { api: { listen } }: Config): NodeClient {
  if (node !== undefined || deps.env.WATERCOOLER_NODE) {
    return clientOf(deps, node === undefined ? {} : { node });
  }
  if (listen === "") {
    throw new CliError(EXIT.failed, "the node runs and its API is off: stop it for the backup");
  }
  const local = listen.replace(/^0\.0\.0\.0:/, "127.0.0.1:").replace(/^\[::\]:/, "[::1]:");
  return clientOf(deps, { node: local });
}

/** A line for each tenth of a file that takes a while, for whoever watches. */
function progressOn(deps: CliDeps): BackupHow["progress"] {
  /** Smaller files are copied in no time. */
  const tellBytesMin = 50_000_000;
  let told = 0;
  return (file, done, all) => {
    const tenth = Math.floor((10 * done) / all);
    if (all < tellBytesMin || tenth === told) return;
    told = tenth;
    deps.stderr(`${file}: ${bytes(done)} of ${bytes(all)}\n`);
  };
}
