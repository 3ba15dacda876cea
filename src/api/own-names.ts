import { hostname, networkInterfaces } from "node:os";
import type { Clock, Millis } from "../base/time.ts";

/** An address that DHCP or a replugged cable brought is known after so long. A guess. */
const NAMES_KEPT_MS = 5_000;

/** This machine's own names and addresses, lower case. */
export interface OwnNames {
  readonly hostName: string;
  readonly addresses: readonly { readonly address: string; readonly internal: boolean }[];
}

/** Reads the names anew at most once per NAMES_KEPT_MS. */
export function ownNamesOf(clock: Clock, read: () => OwnNames = readOwnNames): () => OwnNames {
  let names: OwnNames | undefined;
  let readMs: Millis = 0;
  return () => {
    const nowMs = clock.monotonicMs();
    if (names === undefined || nowMs - readMs >= NAMES_KEPT_MS) {
      names = read();
      readMs = nowMs;
    }
    return names;
  };
}

export function readOwnNames(): OwnNames {
  return {
    hostName: hostname().toLowerCase(),
    addresses: Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).map(({ address, internal }) => ({ address: address.toLowerCase(), internal })),
    ),
  };
}
