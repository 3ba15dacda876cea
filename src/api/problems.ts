import { STATUS_CODES } from "node:http";
import type { Problem } from "./types.ts";

/** An answer that is not the one asked for; thrown by handlers, told as RFC 9457 has it. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }
}

export function problemOf({ status, message }: Refusal): Problem {
  return { type: "about:blank", status, title: STATUS_CODES[status] ?? "Error", detail: message };
}
