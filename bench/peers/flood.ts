import { once } from "node:events";
import { WebSocket, WebSocketServer } from "ws";
import { serve } from "../serve.ts";
import { parsePayload, payload } from "./payload.ts";

// Bare WebSockets over a graph that never changes: what is new goes to all but where it came from.
// No TLS, no signature, no repair, nothing kept: the floor that anything else is measured against.

const REDIAL_MS = 200;

await serve(async (plan, heard) => {
  const sockets = new Set<WebSocket>();
  const newest = new Map<number, number>();
  let messages = 0;
  const spread = (bytes: Uint8Array, from?: WebSocket) => {
    for (const socket of sockets) {
      if (socket === from || socket.readyState !== WebSocket.OPEN) continue;
      messages += 1;
      socket.send(bytes);
    }
  };
  const take = (socket: WebSocket) => {
    sockets.add(socket);
    socket.on("message", (data: Buffer) => {
      const [origin, seq] = parsePayload(data);
      if (seq <= (newest.get(origin) ?? 0)) return;
      newest.set(origin, seq);
      heard(origin, seq);
      spread(data, socket);
    });
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.terminate());
  };
  const server = new WebSocketServer({ host: plan.address, port: plan.port });
  server.on("connection", take);
  await once(server, "listening");
  const dial = (to: number) => {
    const socket = new WebSocket(`ws://${plan.addresses[to]}`, { perMessageDeflate: false });
    socket.on("open", () => take(socket));
    // Only while the others start: a graph that never changes is not mended later.
    socket.on("error", () => setTimeout(dial, REDIAL_MS, to));
  };
  for (const to of plan.dials) dial(to);
  return {
    write: (seq) => {
      newest.set(plan.index, seq);
      spread(payload(plan.index, seq));
    },
    messages: () => messages,
  };
});
