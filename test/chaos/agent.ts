// Speaks with the node of one host from inside its network namespace, where it has the privilege
// of the node's own machine. node agent.js, with an IPC channel.
import { request } from "node:http";

export interface Question {
  readonly id: number;
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly body: string | undefined;
  readonly limitMs: number;
}

/** Status 0: no answer came. */
export interface Reply {
  readonly id: number;
  readonly status: number;
  readonly text: string;
}

function answer({ id, method, path, body, limitMs }: Question): void {
  let isDone = false;
  const say = (status: number, text: string) => {
    if (isDone) return;
    isDone = true;
    process.send?.({ id, status, text } satisfies Reply);
  };
  const headers = body === undefined ? {} : { "content-type": "application/json" };
  const options = { host: "127.0.0.1", port: 8080, method, path, headers, agent: false };
  const asked = request(options, (reply) => {
    let text = "";
    reply.setEncoding("utf8");
    reply.on("data", (chunk: string) => {
      text += chunk;
    });
    reply.on("end", () => say(reply.statusCode ?? 0, text));
    reply.on("error", () => say(0, ""));
  });
  asked.on("error", () => say(0, ""));
  setTimeout(() => {
    say(0, "");
    asked.destroy();
  }, limitMs).unref();
  asked.end(body);
}

process.on("message", answer);
process.on("disconnect", () => process.exit(0));
