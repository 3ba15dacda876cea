import { type Effect, lineOf } from "./effect.ts";
import { deliver } from "./http.ts";

/** Posts to a topic of ntfy: the message is the body, the rest goes in headers. */
export function ntfySend(url: string, token: string | undefined): Effect["send"] {
  return (message) =>
    deliver({
      method: "POST",
      url,
      body: lineOf(message),
      headers: {
        "Content-Type": "text/plain; charset=utf-8",
        Title: "Watercooler",
        ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
      },
    });
}
