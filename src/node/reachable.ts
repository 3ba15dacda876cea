import { type Address, splitAddress } from "../base/id.ts";

/** A peer's own addresses, and the one it came from with the port it says it listens on. */
export function reachable(said: readonly Address[], remote: Address): readonly Address[] {
  const from = splitAddress(remote);
  const port = said.map(splitAddress).find((address) => address !== undefined)?.port;
  if (from === undefined || port === undefined) return said;
  const host = from.host.includes(":") ? `[${from.host}]` : from.host;
  return [...new Set([`${host}:${port}` as Address, ...said])];
}
