/** What the test asks of its agent in the virtual Pi. */
export type Order = { readonly id: number } & (
  | { readonly do: "write"; readonly path: string; readonly text: string }
  | { readonly do: "read"; readonly path: string }
  | { readonly do: "run"; readonly command: readonly string[] }
  | {
      readonly do: "request";
      readonly method: string;
      readonly url: string;
      readonly body?: string;
    }
);

export interface Outcome {
  readonly ok: boolean;
  /** What was read, printed or answered, or what went wrong. */
  readonly text: string;
}
