// Everybody on one topic, a connection to each, encrypted by Noise; a write goes to all of them.
import Hyperswarm from "hyperswarm";
import { parsePayload, payload } from "../../dist/build/bench/peers/payload.js";
import { serve } from "../../dist/build/bench/serve.js";

const TOPIC = Buffer.alloc(32, "office");
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
  await swarm.join(TOPIC, { server: true, client: true }).flushed();
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
