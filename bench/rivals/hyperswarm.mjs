// Everybody on one topic, a connection to each, encrypted by Noise; a write goes to all of them.
import Hyperswarm from "hyperswarm";
import { parsePayload, payload } from "../../dist/build/bench/peers/payload.js";
import { serve } from "../../dist/build/bench/serve.js";

const TOPIC = Buffer.alloc(32, "office");
const REFRESH_MS = 3_000;
const SIZE = payload(0, 0).length;

await serve(async (plan, heard) => {
  const [host, port] = plan.hub.split(":");
  const swarm = new Hyperswarm({
    bootstrap: [{ host, port: Number(port) }],
    maxPeers: plan.count * 2,
  });
  let messages = 0;
  swarm.on("connection", (connection) => {
    let rest = Buffer.alloc(0);
    connection.on("error", () => {});
    connection.on("data", (data) => {
      rest = Buffer.concat([rest, data]);
      for (; rest.length >= SIZE; rest = rest.subarray(SIZE)) heard(...parsePayload(rest));
    });
  });
  const topic = swarm.join(TOPIC, { server: true, client: true });
  await topic.flushed();
  // It looks again every ten minutes, and at first not all are there.
  setInterval(() => {
    if (swarm.connections.size < plan.count - 1) void topic.refresh().catch(() => {});
  }, REFRESH_MS);
  return {
    write: (seq) => {
      for (const connection of swarm.connections) {
        messages += 1;
        connection.write(payload(plan.index, seq));
      }
    },
    messages: () => messages,
  };
});
