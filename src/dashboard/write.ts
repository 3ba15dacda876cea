import type { ProblemDocument } from "../api/types.ts";
import { signedFetch } from "./signed-fetch.ts";

/** What came of a write: `detail` is the node's own word on why not. */
export type Written =
  | { readonly ok: true; readonly document: unknown }
  | { readonly ok: false; readonly status: number; readonly detail: string };

/** No answer came at all. */
const NO_ANSWER = 0;

/** Sends a write to the node this page came from; all writes of the page go through here. */
export async function send(
  method: "POST" | "PUT" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Written> {
  const sending = { method, ...(body !== undefined && { body: JSON.stringify(body) }) };
  try {
    const reply = await signedFetch(path, sending);
    const text = await reply.text();
    const document: unknown = text === "" ? undefined : JSON.parse(text);
    if (reply.ok) return { ok: true, document };
    const { detail = "" } = (document ?? {}) as Partial<ProblemDocument>;
    return { ok: false, status: reply.status, detail };
  } catch {
    return { ok: false, status: NO_ANSWER, detail: "" };
  }
}
