import type { Result } from "../base/result.ts";
import type { Config } from "../config/config.ts";
import type { Loaded } from "../config/load.ts";
import type { SimOptions } from "../sim/ports.ts";

/** What commands may use of the world; handed in by the composition root. */
export interface CliDeps {
  readonly version: string;
  stdout(text: string): void;
  stderr(text: string): void;
  /** Whether standard output is a terminal. */
  readonly isTty: boolean;
  /** The terminal's width; of no matter where there is none. */
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly homedir: string;
  readonly cwd: string;
  /** The JSON Schema that ships with the package. */
  readonly schemaPath: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Runs a node until `signal`; gives the exit code. */
  runNode(config: Config, run: NodeRunOptions): Promise<number>;
  /** Runs an office until `signal`; gives the exit code. */
  runDemo(options: DemoOptions): Promise<number>;
  /** Makes this machine's node a member of a mesh. Throws a CliError where it can't. */
  join(config: Config, by: JoinBy): Promise<Joined>;
  /** Gives this machine's node a fresh identity. Throws a CliError where it can't. */
  rekey(config: Config): Promise<{ readonly id: string; readonly fingerprint: string }>;
  /** A new mesh's root key, where it still waits here. Throws a CliError where it can't. */
  rootKey(config: Config, act: "show" | "remove"): Promise<{ readonly key: string | undefined }>;
  /** Writes a backup of this machine's node. Throws a CliError where it can't. */
  backup(loaded: Loaded, how: BackupHow): Promise<BackupDone>;
  /** Puts a backup in a data folder. Throws a CliError where it can't. */
  restore(config: Config, how: RestoreHow): Promise<RestoreDone>;
  /** Runs the simulator; gives the exit code. */
  simulate(options: SimOptions): Promise<number>;
}

export interface BackupHow {
  readonly path: string;
  readonly overwrite: "refuse" | "replace";
  readonly history: "with" | "without";
  /** Asks the running node to keep a file still, and to let it go. Both throw CliErrors. */
  readonly node: {
    hold(file: "state" | "history"): Promise<{ readonly hold: number; readonly pid: number }>;
    release(hold: number): Promise<{ readonly still: boolean }>;
  };
  /** Told again and again while a large file is copied. */
  progress(file: string, doneBytes: number, allBytes: number): void;
}

export interface BackupDone {
  readonly file: string;
  readonly id: string;
  readonly made_at: string;
  readonly bytes: number;
  readonly files: readonly string[];
}

export interface RestoreHow {
  readonly path: string;
  readonly over: "refuse" | "move aside";
  /** Where the backup's configuration is put; undefined leaves what there is. */
  readonly configPath: string | undefined;
  /** The data folder that a configuration names. Throws a CliError where that is bad. */
  dataDirOf(configPath: string): Promise<string>;
}

export interface RestoreDone {
  readonly id: string;
  readonly name: string;
  readonly made_at: string;
  readonly data: string;
  /** Where what was there before is now. */
  readonly before: string | null;
  /** Where the configuration was put; null where it was left alone or is in none. */
  readonly config: string | null;
}

/** By what a node enters a mesh, and where. */
export interface JoinBy {
  readonly code?: string | undefined;
  readonly rootKey?: true;
  readonly address?: string | undefined;
  /** Whether it may leave the mesh that it is in. */
  readonly leave: "leave" | "stay";
}

export interface Joined {
  readonly mesh: string;
  readonly fingerprint: string;
}

export interface RunOptions {
  /** "json": nothing is printed on standard output but what `ready` is told. */
  readonly format: Format;
  /** To be called at most once, when all answers, with where: the one document of `--json`. */
  ready(document: object): void;
}

export interface NodeRunOptions extends RunOptions {
  /** Reads the configuration again; the error is a line for each thing to mend. */
  reload(): Promise<Result<Config, readonly string[]>>;
}

export interface DemoOptions extends RunOptions {
  readonly nodes: number;
  /** The first dashboard's. */
  readonly port: number;
}

export type Format = "text" | "json";

/** Exit codes, as the contract has them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 69,
  notAllowed: 77,
  badConfiguration: 78,
} as const;

/** Ends a command with a code and a line that says what to do. */
export class CliError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** Prints the one JSON document of `--json`. */
export function printJson(deps: CliDeps, document: unknown): void {
  deps.stdout(`${JSON.stringify(document, undefined, 2)}\n`);
}
