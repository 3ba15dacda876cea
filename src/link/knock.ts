import { connect, type TLSSocket } from "node:tls";
import WebSocket from "ws";
import { type Address, splitAddress } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Guest } from "./door.ts";
import {
  BINDING_BYTES,
  BINDING_LABEL,
  type FarEnd,
  KNOCK_BYTES_MAX,
  KNOCK_PATH,
  type Reception,
} from "./knock-port.ts";
import { peerIdOf } from "./peer-key.ts";
import { HANDSHAKE_MS_MAX } from "./port.ts";
import { RECEIVER_LIMITS } from "./receiver-limits.ts";

/** How long a farewell may wait to be read. A guess. */
const CLOSE_MS_MAX = 500;

export interface KnockOptions {
  readonly address: Address;
  readonly keyPem: string;
  readonly certificatePem: string;
  /** Looks at a member's greeting. Gives the request, or why this is not whom to ask. */
  request(from: FarEnd, greeting: Uint8Array): Result<Uint8Array>;
}

/** Knocks at an address. Gives the answer, or one line that says why there is none. */
export function knock(options: KnockOptions): Promise<Result<Uint8Array>> {
  const { address, request } = options;
  return new Promise((resolve) => {
    const socket = open(options);
    const limit = setTimeout(() => end(err(`${address} does not answer`)), HANDSHAKE_MS_MAX);
    const end = (outcome: Result<Uint8Array>) => {
      clearTimeout(limit);
      socket.terminate();
      resolve(outcome);
    };
    let from: FarEnd | undefined;
    let asked = false;
    socket.on("error", () => {});
    socket.on("close", () => end(err(`${address} hung up: is it a Watercooler?`)));
    socket.on("upgrade", (response) => {
      from = farEnd(response.socket as TLSSocket, address);
      if (from === undefined) end(err(`${address} shows no key: is it a Watercooler?`));
    });
    socket.on("message", (data, isBinary) => {
      if (!isBinary || !Buffer.isBuffer(data) || from === undefined) {
        return end(err(`${address} is no Watercooler`));
      }
      if (asked) return end(ok(new Uint8Array(data)));
      asked = true;
      const said = request(from, data);
      if (said.ok) socket.send(said.value, { binary: true }, () => {});
      else end(said);
    });
  });
}

/** Takes in a knock: the greeting, one request, one answer, and goodbye. */
export function receive({ socket, stream, remote, arrival }: Guest, reception: Reception): void {
  const from = farEnd(stream, remote);
  if (from === undefined) return arrival.refuse("bad-hello");
  socket.on("error", () => {});
  socket.on("close", () => arrival.welcome());
  socket.once("message", (data, isBinary) => {
    const isRequest = isBinary && Buffer.isBuffer(data) && data.length <= KNOCK_BYTES_MAX;
    const answer = isRequest ? reception.answer(from, data) : undefined;
    if (answer === undefined) return arrival.refuse("bad-hello");
    socket.send(answer, { binary: true }, () => {});
    const cut = setTimeout(() => socket.terminate(), CLOSE_MS_MAX);
    socket.once("close", () => clearTimeout(cut));
    socket.close();
  });
  socket.send(reception.greeting(), { binary: true }, () => {});
}

function farEnd(stream: TLSSocket, remote: Address): FarEnd | undefined {
  const peer = peerIdOf(stream);
  if (!peer.ok) return undefined;
  const binding = stream.exportKeyingMaterial(BINDING_BYTES, BINDING_LABEL, Buffer.alloc(0));
  return { peer: peer.value, remote, binding: new Uint8Array(binding) };
}

function open({ address, keyPem, certificatePem }: KnockOptions): WebSocket {
  const { host, port } = splitAddress(address) ?? { host: "", port: 0 };
  return new WebSocket(`wss://peer${KNOCK_PATH}`, {
    ...RECEIVER_LIMITS,
    handshakeTimeout: HANDSHAKE_MS_MAX,
    createConnection: () =>
      connect({
        host,
        port,
        key: keyPem,
        cert: certificatePem,
        minVersion: "TLSv1.3",
        rejectUnauthorized: false,
      }),
  });
}
