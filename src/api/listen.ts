import type { Server } from "node:http";
import { isIP } from "node:net";
import { type Address, addressOf } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { isLoopback } from "./door.ts";
import type { OwnNames } from "./own-names.ts";

export interface ListenAt {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

/** The setting that says where to listen. */
export type ListenSetting = "api.listen" | "api.https";

/** `host:port` or `[IPv6]:port`, or what is wrong with it. */
export function parseListen(text: string, setting: ListenSetting = "api.listen"): Result<ListenAt> {
  const match = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) {
    return err(`${setting} "${text}" is not host:port, such as 0.0.0.0:8080 or [::]:8080`);
  }
  return ok({ host: match[1] ?? (match[2] || "0.0.0.0"), port });
}

/** Listens; rejects with one line that says what to do. */
export function listenAt(
  server: Server,
  { host, port }: ListenAt,
  setting: ListenSetting = "api.listen",
): Promise<number> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      reject(new Error(whyNot(error, { host, port }, setting), { cause: error }));
    };
    server.once("error", failed);
    server.listen({ host, port }, () => {
      server.off("error", failed);
      const at = server.address();
      resolve(at !== null && typeof at === "object" ? at.port : port);
    });
  });
}

/** Where others reach a server: for a wildcard this machine's addresses, real ones first. */
export function reachableAt(host: string, port: number, own: OwnNames): readonly Address[] {
  if (host !== "0.0.0.0" && host !== "::") return [addressOf(host, port)];
  const fitting = own.addresses
    .map(({ address }) => address)
    .filter((address) => host === "::" || isIP(address) === 4)
    .filter((address) => !address.startsWith("fe80:"));
  const real = fitting.filter((address) => !isLoopback(address));
  return (real.length > 0 ? real : fitting).map((address) => addressOf(address, port));
}

function whyNot(
  error: NodeJS.ErrnoException,
  { host, port }: ListenAt,
  setting: ListenSetting,
): string {
  switch (error.code) {
    case "EADDRINUSE":
      return `port ${port} is taken by another program: stop it or set ${setting}`;
    case "EACCES":
      return `port ${port} is not open to this user: set ${setting} to a port above 1023`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAFNOSUPPORT":
      return `this machine has no address ${host}: set ${setting} to one it has`;
    default:
      return `can't use ${host} port ${port} (${error.code ?? error.message}): set ${setting}`;
  }
}
