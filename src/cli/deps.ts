import type { Config } from "../config/config.ts";

/** What commands may use of the world; handed in by the composition root. */
export interface CliDeps {
  readonly version: string;
  stdout(text: string): void;
  stderr(text: string): void;
  readonly isTty: boolean;
  readonly columns: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
  readonly homedir: string;
  readonly cwd: string;
  /** The JSON Schema that ships with the package. */
  readonly schemaPath: string;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  monotonicMs(): number;
  runNode(config: Config): Promise<number>;
  runDemo(options: { readonly nodes: number; readonly port: number }): Promise<number>;
}

/** Exit codes, as the contract has them. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  unreachable: 69,
  notAllowed: 77,
  badConfiguration: 78,
} as const;

/** Ends a command with a code and one line that says what to do. */
export class CliError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}
