import { CLOCK_SET_S } from "./api/doorkeeper.ts";
import type { SecureDoor } from "./api/secure-door.ts";
import type { NodeId } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import { type Clock, SECOND_MS } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { HttpsAuthority } from "./node/https-authority.ts";
import type { Node } from "./node/node.ts";
import { REQUEST_KEY } from "./office/https.ts";
import { builtFile } from "./open-parts.ts";
import type { Replica } from "./replica/replica.ts";
import type { WiredHttps } from "./wire-https-on.ts";
import type { TrustParts } from "./wire-trust.ts";

export interface HttpsDeps {
  readonly self: NodeId;
  readonly node: Node;
  readonly replica: Replica;
  readonly clock: Clock;
  readonly log: Log;
  /** Admins that live. */
  admins(): readonly NodeId[];
}

export interface HttpsWiring {
  /** What every node tells of the authority. */
  readonly authority: HttpsAuthority;
  /** Undefined where HTTPS is off. */
  readonly door: SecureDoor | undefined;
  start(): void;
}

/** HTTPS with the mesh's own authority; where it is off, hardly anything of it is loaded. */
export async function wireHttps(
  config: Config,
  { mesh }: TrustParts,
  deps: HttpsDeps,
): Promise<HttpsWiring> {
  const { self, node, replica } = deps;
  const authority = new HttpsAuthority(replica, (id) => {
    const credential = replica.birth(id)?.credential;
    return credential !== undefined && mesh.powerOf(id, credential) === "admin";
  });
  const { https: listen } = config.api;
  if (listen === "") {
    const start = () => {
      if (replica.get(self, REQUEST_KEY)?.entry.value === undefined) return;
      node.write(REQUEST_KEY, undefined, "batched");
    };
    return { authority, door: undefined, start };
  }
  const { openHttps } = await import("./wire-https-on.ts");
  const { dataDir } = config;
  const mintScript = builtFile("mint-https.js");
  const opened: WiredHttps = await openHttps({
    ...deps,
    ...{ authority, listen, dataDir, mintScript },
    meshTag: mesh.tag,
    name: config.node.name,
    clockSetMs: CLOCK_SET_S * SECOND_MS,
  });
  return { authority, ...opened };
}
