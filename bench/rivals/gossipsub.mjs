// The talk's afternoon version, with its libraries of today: js-libp2p, gossipsub, mDNS, and all
// defaults but one.
import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { gossipsub } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import { mdns } from "@libp2p/mdns";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { parsePayload, payload } from "../../dist/build/bench/peers/payload.js";
import { serve } from "../../dist/build/bench/serve.js";

const TOPIC = "office";

await serve(async (plan, heard) => {
  const node = await createLibp2p({
    addresses: { listen: [`/ip4/${plan.address}/tcp/${plan.port}`] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    peerDiscovery: [mdns()],
    // Five a second from one address by default; here all have one, on a LAN each has its own.
    connectionManager: { inboundConnectionThreshold: 1_000, maxIncomingPendingConnections: 100 },
    services: { identify: identify(), pubsub: gossipsub() },
  });
  const { pubsub } = node.services;
  // Whom it discovers it no longer dials by itself.
  node.addEventListener(
    "peer:discovery",
    ({ detail }) => void node.dial(detail.id).catch(() => {}),
  );
  const take = ({ detail }) => {
    const { topic, data } = detail.msg ?? detail;
    if (topic !== TOPIC) return;
    const [origin, seq] = parsePayload(data);
    if (origin !== plan.index) heard(origin, seq);
  };
  pubsub.addEventListener("message", take);
  pubsub.subscribe(TOPIC);
  return {
    // "No peers subscribed" while the mesh forms is what a user of it would meet too.
    write: (seq) =>
      void pubsub.publish(TOPIC, new Uint8Array(payload(plan.index, seq))).catch(() => {}),
  };
});
