import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Writes every frame that the kernel of a namespace sees, each after its length in four bytes. */
const SNIFFER = `
import socket, struct, sys
ETH_P_ALL = 0x0003
sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
sniffer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
with open(sys.argv[1], "wb", buffering=0) as file:
    print("listening", flush=True)
    while True:
        frame = sniffer.recv(65535)
        file.write(struct.pack(">I", len(frame)) + frame)
`;

const ETHERNET_BYTES = 14;
const PROTOCOL_TCP = 6;

/** All packets of a network namespace, in a file. */
export class Capture {
  private child: ChildProcess | undefined;

  constructor(
    private readonly namespace: string,
    readonly path: string,
  ) {}

  async start(): Promise<void> {
    const args = ["netns", "exec", this.namespace, "python3", "-c", SNIFFER, this.path];
    this.child = spawn("ip", args, { stdio: ["ignore", "pipe", "inherit"] });
    if (this.child.stdout !== null) await once(this.child.stdout, "data");
  }

  async stop(): Promise<void> {
    const { child } = this;
    this.child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  bytes(): Buffer {
    return readFileSync(this.path);
  }
}

/** The frames of a capture. */
export function* framesOf(capture: Buffer): Generator<Buffer> {
  for (let at = 0; at + 4 <= capture.length; ) {
    const length = capture.readUInt32BE(at);
    yield capture.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
}

/** What each TCP connection over IPv4 sent to a port, one buffer a connection. */
export function streamsTo(capture: Buffer, port: number): readonly Buffer[] {
  const pieces = new Map<string, Map<number, Buffer>>();
  for (const frame of framesOf(capture)) {
    if (frame.length < ETHERNET_BYTES + 40 || frame.readUInt16BE(12) !== 0x0800) continue;
    const ip = frame.subarray(ETHERNET_BYTES);
    const headBytes = ((ip[0] ?? 0) & 15) * 4;
    if (ip[9] !== PROTOCOL_TCP) continue;
    const tcp = ip.subarray(headBytes, ip.readUInt16BE(2));
    if (tcp.length < 20 || tcp.readUInt16BE(2) !== port) continue;
    const data = tcp.subarray((tcp[12] ?? 0) >> 2);
    if (data.length === 0) continue;
    const name = `${ip.readUInt32BE(12)} ${ip.readUInt32BE(16)} ${tcp.readUInt16BE(0)}`;
    const stream = pieces.get(name) ?? new Map<number, Buffer>();
    pieces.set(name, stream.set(tcp.readUInt32BE(4), data));
  }
  // Seen on two ports of the switch each, and by sequence number but once.
  return [...pieces.values()].map((stream) =>
    Buffer.concat([...stream].sort(([one], [other]) => one - other).map(([, data]) => data)),
  );
}

/** Why nothing can be captured here, or false where it can. */
export function captureMissing(): string | false {
  try {
    execFileSync("python3", ["-c", "import socket; socket.AF_PACKET"], { stdio: "ignore" });
    return false;
  } catch {
    return "needs python3 to capture packets";
  }
}
