import { createHmac } from "node:crypto";
import { documentOf, type Effect } from "./effect.ts";
import { deliver } from "./http.ts";

/**
 * Posts JSON. Where there is a secret, `X-Watercooler-Signature-256` is `sha256=` and the
 * HMAC-SHA-256 of the body in hexadecimal, as GitHub signs its webhooks.
 */
export function webhookSend(url: string, secret: string | undefined): Effect["send"] {
  return (message) => {
    const body = documentOf(message);
    return deliver({
      method: "POST",
      url,
      body,
      headers: {
        "Content-Type": "application/json",
        "Idempotency-Key": message.id,
        ...(secret === undefined ? {} : { "X-Watercooler-Signature-256": signature(body, secret) }),
      },
    });
  };
}

function signature(body: string, secret: string): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
