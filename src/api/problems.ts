import { STATUS_CODES } from "node:http";
import type { Answer } from "./answer.ts";
import type { ProblemDocument } from "./types.ts";

/** An error as RFC 9457 wants it. `detail` says what to do next, for a person. */
export function problem(
  status: number,
  detail: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const title = STATUS_CODES[status] ?? "Error";
  const document: ProblemDocument = { type: "about:blank", status, title, detail };
  return {
    status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...headers,
    },
    body: `${JSON.stringify(document)}\n`,
  };
}
