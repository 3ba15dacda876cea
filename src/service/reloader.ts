import type { Log } from "../base/log.ts";
import { err, type Result } from "../base/result.ts";

/** What a reload needs of the configuration. */
export interface Reloadable {
  readonly dataDir: string;
}

export interface Stoppable {
  stop(): Promise<void>;
}

export interface ReloaderParts<C extends Reloadable, N extends Stoppable> {
  /** Reads the configuration again; the error is a line for each thing to mend. */
  load(): Promise<Result<C, readonly string[]>>;
  /** Starts a node. The error is one line that says what to do. */
  start(config: C): Promise<Result<N>>;
  /** A log as the configuration wants it. */
  logOf(config: C): Log;
}

/** What has come of a reload. */
export type Reloaded = "in force" | "refused" | "dead";

/**
 * Keeps one node running while its configuration changes. What is refused, or can't be started,
 * leaves the former configuration in force.
 *
 * A reload is a new start within the process: all parts stop, and start as the file says. That
 * takes about as long as a start, so links and open pages drop for a moment; in return there is no
 * setting that a reload forgets.
 */
export class Reloader<C extends Reloadable, N extends Stoppable> {
  private running: N | undefined;
  private config: C | undefined;
  private refused: string | undefined;

  constructor(private readonly parts: ReloaderParts<C, N>) {}

  /** Undefined while it starts, stops or reloads. */
  get node(): N | undefined {
    return this.running;
  }

  /** What the node runs by, or did before a reload that is under way. */
  get inForce(): C | undefined {
    return this.config;
  }

  /** Why the file as it is now is not in force, in a line for the operator's eyes. */
  get refusal(): string | undefined {
    return this.refused;
  }

  async begin(config: C): Promise<Result<N>> {
    const started = await this.parts.start(config);
    if (!started.ok) return started;
    this.config = config;
    this.running = started.value;
    return started;
  }

  /** One at a time: a reload asked for meanwhile is the caller's to ask for again. */
  async reload(): Promise<Reloaded> {
    const { config, running } = this;
    if (config === undefined || running === undefined) return "dead";
    const loaded = keepingData(await this.parts.load(), config);
    if (!loaded.ok) return this.refuse(config, loaded.error);
    this.running = undefined;
    await running.stop();
    const begun = await this.begin(loaded.value);
    if (begun.ok) {
      this.refused = undefined;
      this.parts.logOf(loaded.value).write("info", "the configuration was reloaded");
      return "in force";
    }
    const back = await this.begin(config);
    this.refuse(config, [begun.error]);
    if (back.ok) return "refused";
    this.parts.logOf(config).write("error", "the former configuration does not start either", {
      reason: back.error,
    });
    return "dead";
  }

  async stop(): Promise<void> {
    const { running } = this;
    this.running = undefined;
    await running?.stop();
  }

  private refuse(config: C, lines: readonly string[]): "refused" {
    this.refused = lines[0];
    for (const line of lines) {
      this.parts.logOf(config).write("error", `the configuration is refused: ${line}`);
    }
    return "refused";
  }
}

function keepingData<C extends Reloadable>(
  loaded: Result<C, readonly string[]>,
  { dataDir }: C,
): Result<C, readonly string[]> {
  if (!loaded.ok || loaded.value.dataDir === dataDir) return loaded;
  return err([`data: ${loaded.value.dataDir} needs a restart: systemctl restart watercooler`]);
}
