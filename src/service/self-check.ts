import { request as askPlain } from "node:http";
import { request as askSecure } from "node:https";
import { isIP } from "node:net";
import { networkInterfaces } from "node:os";
import { type Clock, type Millis, SECOND_MS } from "../base/time.ts";

/** A node writes each 5 s, or finds out why it can't. Six of them missed: nothing turns there. */
const STORE_MS_MAX = 30 * SECOND_MS;
const HEALTH_PATH = "/v1/health";

/** Where the API can be asked from its own machine. */
export interface OwnDoor {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
}

export interface Vitals {
  readonly clock: Clock;
  /** When the store was last asked to take what is new, monotonic; whether it did is known then. */
  storeAskedMs(): Millis;
  readonly doors: readonly OwnDoor[];
  /** How long an answer may take: 2 ms on a desk; a Pi that swaps takes its time. */
  readonly answerMsMax: Millis;
}

/**
 * What is wrong with this node that a restart may cure, in a few words. A disk that is full or
 * read-only is not: the node knows of it, goes on in memory, and would lose that by a restart.
 */
export async function selfCheck(vitals: Vitals): Promise<string | undefined> {
  const { clock, storeAskedMs, doors, answerMsMax } = vitals;
  const silentMs = clock.monotonicMs() - storeAskedMs();
  if (silentMs > STORE_MS_MAX) {
    return `nothing was handed to the store for ${Math.round(silentMs / SECOND_MS)} s`;
  }
  for (const door of doors) {
    const trouble = await askApi(door, answerMsMax);
    if (trouble !== undefined) return `the API does not answer on port ${door.port} (${trouble})`;
  }
  return undefined;
}

/** The door of a server: the host of its setting, and the port that it has. */
export function ownDoor(
  scheme: OwnDoor["scheme"],
  listen: string,
  addresses: readonly string[],
): readonly OwnDoor[] {
  const port = Number(/:(\d+)$/.exec(addresses[0] ?? "")?.[1]);
  if (listen === "" || !(port > 0)) return [];
  const host = listen.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (host === "" || host === "0.0.0.0") return [{ scheme, host: "127.0.0.1", port }];
  return [{ scheme, host: host === "::" ? "::1" : host, port }];
}

/** What keeps the API from answering. Any answer will do, also that it is too busy or degraded. */
function askApi({ scheme, host, port }: OwnDoor, ms: Millis): Promise<string | undefined> {
  if (!isHere(host)) return Promise.resolve(undefined);
  const at = { host, port, path: HEALTH_PATH, agent: false };
  return new Promise((resolve) => {
    const asked =
      scheme === "https" ? askSecure({ ...at, rejectUnauthorized: false }) : askPlain(at);
    const late = setTimeout(() => asked.destroy(new Error("no answer")), ms);
    asked.once("response", (response) => {
      clearTimeout(late);
      response.destroy();
      resolve(undefined);
    });
    asked.on("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(late);
      // Somebody hung up on us: who is too busy to answer is alive.
      resolve(error.code === "ECONNRESET" ? undefined : (error.code ?? error.message));
    });
    asked.end();
  });
}

/** An address that this machine has lost since it was bound is no fault of the process. */
function isHere(host: string): boolean {
  if (isIP(host) === 0 || /^127\./.test(host)) return true;
  const own = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return own.some(({ address }) => address === host.replace(/%.*$/, ""));
}
