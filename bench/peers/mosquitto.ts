import { connectAsync } from "mqtt";
import { serve } from "../serve.ts";
import { parsePayload, payload } from "./payload.ts";

// Everybody a client of one broker, readings as retained messages: what most offices would do.

await serve(async (plan, heard) => {
  const client = await connectAsync(plan.hub, { reconnectPeriod: 200 });
  client.on("message", (_topic, bytes) => {
    const [origin, seq] = parsePayload(bytes);
    if (origin !== plan.index) heard(origin, seq);
  });
  await client.subscribeAsync("bench/#");
  return {
    write: (seq) => {
      client.publish(`bench/${plan.index}`, payload(plan.index, seq), { retain: true });
    },
  };
});
