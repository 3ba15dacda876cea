import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Written {
  readonly measurement: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, number>>;
  readonly atMs: number;
}

export interface Asked {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly status: number;
}

/** As much of a database as whoever writes to it over HTTP meets. */
export class InfluxSink {
  readonly points: Written[] = [];
  readonly asked: Asked[] = [];
  /** What the next writes are answered with; none left: 204. */
  answers: { readonly status: number; readonly body?: string }[] = [];
  /** How far its clock is before this machine's. */
  aheadMs = 0;
  /** More lines in one request are too many. */
  linesMax = Number.POSITIVE_INFINITY;
  private readonly server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { url: path = "", headers } = request;
      response.setHeader("date", new Date(Date.now() + this.aheadMs).toUTCString());
      const { status, text } = path === "/ping" ? { status: 204, text: "" } : this.write(body);
      this.asked.push({ path, headers, status });
      response.writeHead(status);
      response.end(text);
    });
  });

  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private write(body: string): { readonly status: number; readonly text: string } {
    const lines = body.split("\n");
    if (lines.length > this.linesMax) return { status: 413, text: "" };
    const answer = this.answers.shift();
    if (answer !== undefined) return { status: answer.status, text: answer.body ?? "" };
    this.points.push(...lines.map(pointIn));
    return { status: 204, text: "" };
  }
}

/** Reads a line as the protocol's reference says; throws where it is none. */
export function pointIn(line: string): Written {
  const [series = "", fields = "", time = "", ...more] = split(line, " ");
  if (more.length > 0 || !/^-?\d+$/.test(time)) throw new Error(`no point: ${line}`);
  const [measurement = "", ...tags] = split(series, ",");
  return {
    measurement: plain(measurement),
    tags: Object.fromEntries(tags.map((tag) => pairIn(tag).map(plain))),
    fields: Object.fromEntries(
      split(fields, ",").map((field) => {
        const [key = "", value = ""] = pairIn(field);
        if (value === "" || !Number.isFinite(Number(value))) throw new Error(`no field: ${line}`);
        return [plain(key), Number(value)];
      }),
    ),
    atMs: Number(time),
  };
}

function pairIn(text: string): readonly string[] {
  const [key = "", value = "", ...more] = split(text, "=");
  if (key === "" || value === "" || more.length > 0) throw new Error(`no pair: ${text}`);
  return [key, value];
}

/** At what has no backslash before it. */
function split(text: string, separator: string): readonly string[] {
  const parts = [""];
  for (let at = 0; at < text.length; at += 1) {
    const taken = text[at] === "\\" && at + 1 < text.length ? text.slice(at, at + 2) : text[at];
    if (taken === separator) parts.push("");
    else parts.push(`${parts.pop()}${taken}`);
    at += (taken?.length ?? 1) - 1;
  }
  return parts;
}

function plain(text: string): string {
  return text.replaceAll(/\\([,= ])/g, "$1");
}
