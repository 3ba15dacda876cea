import { networkInterfaces } from "node:os";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import { type Address, addressOf } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import type { Random } from "./base/random.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import type { Dialect } from "./dialect.ts";
import { Sources } from "./link/discovery/choose.ts";
import type { Reception } from "./link/knock-port.ts";
import { WebSocketTransport } from "./link/websocket.ts";
import type { OpenedParts } from "./open-parts.ts";
import { WIRE_VERSION } from "./overlay/codec.ts";
import { encodeHello, judgeHello } from "./trust/hello.ts";
import type { Membership } from "./trust/membership-file.ts";
import type { TrustParts } from "./wire-trust.ts";

interface TransportPorts {
  readonly log: Log;
  readonly reception: Reception;
  readonly dialect?: Dialect | undefined;
}

/** Makes what carries messages to other nodes. */
export function wireTransport(
  config: Config,
  { identity: own, certificatePem }: OpenedParts,
  { mesh, identity }: TrustParts,
  { log, reception, dialect }: TransportPorts,
): WebSocketTransport {
  const { self, boot } = identity;
  const version = dialect?.version ?? WIRE_VERSION;
  return new WebSocketTransport({
    identity: {
      self,
      hello: () => {
        const { credential } = identity;
        const addresses = ownAddresses(config);
        const hello = encodeHello({ mesh, boot, credential, addresses, version });
        return dialect?.hello(hello) ?? hello;
      },
      judge: (peer, bytes) => judgeHello(mesh, peer, bytes, version),
    },
    keyPem: own.privateKeyPem,
    certificatePem,
    listen: [config.mesh.listen],
    log,
    reception,
  });
}

/** Makes what finds other nodes. */
export function wireDiscovery(
  config: Config,
  { mesh, identity: { self: id }, contacts }: TrustParts & Pick<Membership, "contacts">,
  { clock, log, random }: { readonly clock: Clock; readonly log: Log; readonly random: Random },
): Sources {
  const { discovery: mode, interfaces } = config.mesh;
  return new Sources({
    mode,
    peers: [...new Set([...config.mesh.peers, ...contacts])],
    interfaces,
    announcement: {
      id,
      port: meshPort(config),
      host: meshHost(config),
      meshTag: mesh.tag,
      version: WIRE_VERSION,
    },
    clock,
    timers: systemTimers,
    random,
    log,
  });
}

/** Where other nodes may reach this one, as it is now: addresses come and go. */
export function ownAddresses(config: Config): readonly Address[] {
  const advertised = config.mesh.advertise as readonly Address[];
  if (advertised.length > 0) return advertised;
  const [host, port] = [meshHost(config), meshPort(config)];
  if (host !== "0.0.0.0" && host !== "::") return [addressOf(host, port)];
  return Object.values(networkInterfaces())
    .flatMap((list) => list ?? [])
    .filter(({ internal, family, address }) => {
      const linkLocal = address.startsWith("fe80");
      return !internal && !linkLocal && (family === "IPv4" || host === "::");
    })
    .map(({ address }) => addressOf(address, port));
}

function meshPort(config: Config): number {
  return Number(/:(\d+)$/.exec(config.mesh.listen)?.[1] ?? 0);
}

function meshHost(config: Config): string {
  return config.mesh.listen.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
}
