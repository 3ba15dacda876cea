/** What the simulator was asked for. */
export interface SimOptions {
  readonly scenario: string | undefined;
  readonly nodes: number | undefined;
  readonly seed: number;
  /** How many histories; one is told at length. */
  readonly seeds: number;
  /** Places of the faults that are kept, as a failure's replay line says them. */
  readonly only: readonly number[] | undefined;
  readonly output: "text" | "json";
  /** Where a picture goes. */
  readonly svg: string | undefined;
  readonly log: "quiet" | "events";
}

/** What the simulator needs of the machine that it runs on. */
export interface SimPorts {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly isTty: boolean;
  readonly monotonicMs: () => number;
  readonly signal: AbortSignal;
  readonly workers: number;
  readonly workerUrl: URL;
  readonly memoryMb: () => number;
  readonly writeFile: (path: string, text: string) => void;
}
