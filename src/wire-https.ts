import { CLOCK_SET_S } from "./api/doorkeeper.ts";
import type { SecureDoor } from "./api/secure-door.ts";
import { err, ok, type Result } from "./base/result.ts";
import { SECOND_MS } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { HttpsAuthority } from "./node/https-authority.ts";
import type { Check } from "./node/read-side.ts";
import { REQUEST_KEY } from "./office/https.ts";
import { builtFile } from "./open-parts.ts";
import type { HttpsDeps, WiredHttps } from "./wire-https-on.ts";
import type { TrustParts } from "./wire-trust.ts";

export interface HttpsWiring {
  /** What every node tells of the authority. */
  readonly authority: HttpsAuthority;
  /** Undefined where HTTPS is off. */
  readonly door: SecureDoor | undefined;
  start(): void;
  checks(): readonly Check[];
}

/**
 * HTTPS with the mesh's own authority; where it is off, hardly anything of it is loaded. The error
 * is one line that says what to do.
 */
export async function wireHttps(
  config: Config,
  { mesh }: TrustParts,
  deps: HttpsDeps,
): Promise<Result<HttpsWiring>> {
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
    return ok({ authority, door: undefined, start, checks: () => [] });
  }
  const { openHttps } = await import("./wire-https-on.ts");
  const { dataDir } = config;
  const mintScript = builtFile("mint-https.js");
  try {
    const opened: WiredHttps = await openHttps({
      ...deps,
      ...{ authority, listen, dataDir, mintScript },
      meshTag: mesh.tag,
      name: config.node.name,
      clockSetMs: CLOCK_SET_S * SECOND_MS,
    });
    return ok({ authority, ...opened });
  } catch (error) {
    const why = (error as Error).message;
    return err(`no key for HTTPS: ${why}: see to https.key in ${dataDir}, or unset api.https`);
  }
}
