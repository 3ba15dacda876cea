// One shared document over its own WebSocket server; a reading is a key of a map.
import WebSocket from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { serve } from "../../dist/build/bench/serve.js";

await serve(async (plan, heard) => {
  const doc = new Y.Doc();
  const readings = doc.getMap("readings");
  const provider = new WebsocketProvider(plan.hub, "office", doc, {
    WebSocketPolyfill: WebSocket,
    disableBc: true,
  });
  readings.observe((event, transaction) => {
    if (transaction.local) return;
    for (const key of event.keysChanged) heard(Number(key), readings.get(key));
  });
  await new Promise((resolve) => provider.once("sync", resolve));
  return { write: (seq) => void readings.set(String(plan.index), seq) };
});
