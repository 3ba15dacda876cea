/** One parser under test. */
export interface FuzzTarget {
  /** Its name on the command line, and of its folder in the corpus. */
  readonly name: string;
  /** What its inputs are made of: it says how they are changed. */
  readonly form: "bytes" | "text";
  /** Words that its grammar knows. */
  readonly words?: readonly string[];
  /** Inputs are cut to this length; INPUT_BYTES_MAX where nothing is said. */
  readonly bytesMax?: number;
  /** Takes one input; throws where something does not hold. */
  take(input: Uint8Array): void | Promise<void>;
  /** Ends what it holds open. */
  close?(): Promise<void>;
}

/** Throws where something does not hold. */
export function hold(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}
