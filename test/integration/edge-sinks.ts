import { createServer as createHttpServer, type IncomingHttpHeaders } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";

export interface Called {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly status: number;
}

/** Takes what is posted to it; once for each path of `busy` it has no time. */
export class HttpSink {
  readonly calls: Called[] = [];
  readonly busy = new Set<string>();
  private readonly server = createHttpServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const { url: path = "", headers } = request;
      const status = this.busy.delete(path) ? 503 : 200;
      this.calls.push({ path, headers, body, status });
      response.writeHead(status, { "retry-after": "1" });
      response.end();
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

const CONNECT = 1;
const PUBLISH = 3;
const LENGTH_BITS = 7;

/** As much of an MQTT 3.1.1 broker as a publisher with QoS 1 meets. */
export class MqttSink {
  readonly published: { readonly topic: string; readonly body: string }[] = [];
  password = "good";
  private readonly links = new Set<Socket>();
  private readonly server: Server = createServer((link) => {
    this.links.add(link);
    link.on("error", () => {});
    let rest = Buffer.alloc(0);
    link.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      for (let packet = packetIn(rest); packet !== undefined; packet = packetIn(rest)) {
        rest = rest.subarray(packet.length);
        this.take(link, packet.type, packet.body);
      }
    });
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `mqtt://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const link of this.links) link.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private take(link: Socket, type: number, body: Buffer): void {
    if (type === CONNECT) {
      const isKnown = body.subarray(-this.password.length).toString() === this.password;
      link.write(Buffer.from([0x20, 2, 0, isKnown ? 0 : 5]));
    }
    if (type !== PUBLISH) return;
    const end = 2 + body.readUInt16BE(0);
    const topic = body.subarray(2, end).toString();
    this.published.push({ topic, body: body.subarray(end + 2).toString() });
    link.write(Buffer.from([0x40, 2, ...body.subarray(end, end + 2)]));
  }
}

/** The first whole packet: its type, its content and its length with the header. */
function packetIn(bytes: Buffer): { type: number; body: Buffer; length: number } | undefined {
  let size = 0;
  let at = 1;
  for (let shift = 0; ; shift += LENGTH_BITS, at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    size |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  const length = at + 1 + size;
  if (bytes.length < length) return undefined;
  return { type: (bytes[0] ?? 0) >> 4, body: bytes.subarray(at + 1, length), length };
}
