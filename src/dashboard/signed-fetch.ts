import { heldGrants } from "./grant.ts";

/** Where another grant might do, or none where the page is open on the node's own machine. */
const REFUSED = [401, 403];

interface Sending {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** JSON. */
  readonly body?: string;
  readonly accept?: string;
}

/**
 * Asks the node that this page came from, signed with a grant where one is held that covers it.
 */
export async function signedFetch(path: string, sending: Sending): Promise<Response> {
  const { method, body } = sending;
  const unsigned = () => fetch(path, { ...request(sending), method });
  if (heldGrants().length === 0) return unsigned();
  // Loaded by those alone who hold a grant.
  const { tokensFor } = await import("./sign.ts");
  let refused: Response | undefined;
  for (const token of await tokensFor(method, path, body ?? "")) {
    const reply = await fetch(path, { ...request(sending, token), method });
    if (!REFUSED.includes(reply.status)) return reply;
    refused = reply;
  }
  // What is left without a grant: what everybody may read. Of a write the reason is told.
  return refused === undefined || method === "GET" ? unsigned() : refused;
}

/** Subprotocols for the live socket, so that it tells what a held grant lets this browser read. */
export async function liveProtocols(path: string): Promise<string[]> {
  if (heldGrants().length === 0) return [];
  const { tokensFor } = await import("./sign.ts");
  const [token] = await tokensFor("GET", path, "");
  return token === undefined ? [] : ["watercooler.v1", `bearer.${token}`];
}

function request({ body, accept }: Sending, token?: string): RequestInit {
  const headers = {
    ...(body === undefined ? {} : { "content-type": "application/json" }),
    ...(accept === undefined ? {} : { accept }),
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return body === undefined ? { headers } : { headers, body };
}
