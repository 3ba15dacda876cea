import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { type Finding, failure, fine, warning } from "./finding.ts";
import type { Run } from "./run.ts";

const MDNS_PORT = 5353;
const MDNS_GROUP = "224.0.0.251";

/** Whether an address can be listened on; one that the node itself has is as it should be. */
export async function checkPort(
  key: "mesh.listen" | "api.listen",
  listen: string,
  node: "runs" | "does not run",
  run: Run,
): Promise<readonly Finding[]> {
  const [, host = "", port = ""] = /^(?:\[?(.*?)\]?):(\d+)$/.exec(listen) ?? [];
  if (port === "") return [fine("ports", `${key} is off`)];
  const code = await tryListen(host, Number(port));
  if (code === undefined) return [fine("ports", `${key} ${listen} is free`)];
  if (code === "EADDRINUSE" && node === "runs") {
    return [fine("ports", `${key} ${listen} is in use by the node`)];
  }
  const mend = `set ${key} to another, or stop what "sudo ss -ltnp" shows there`;
  const holder = code === "EADDRINUSE" ? await holderOf(Number(port), run) : "";
  const why = `${REASONS[code] ?? code}${holder}`;
  return [failure("ports", `${key} ${listen}: ${why}`, mend)];
}

/** Who listens there, where this user may know; else nothing. */
async function holderOf(port: number, run: Run): Promise<string> {
  const said = await run("ss", "-ltnpH", `sport = :${port}`);
  const [, name, pid] = /users:\(\("([^"]+)",pid=(\d+)/.exec(said) ?? [];
  return name === undefined ? "" : `, ${name} (process ${pid})`;
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has it",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "ports below 1024 are for root",
};

function tryListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

/** Whether nodes can find each other: a network, and a place at the port that all share. */
export async function checkMdns(
  mode: "auto" | "libp2p" | "dns-sd" | "off",
): Promise<readonly Finding[]> {
  if (mode === "off") return [fine("mdns", "off: only mesh.peers are tried")];
  const networks = Object.entries(networkInterfaces())
    .filter(([, addresses = []]) => addresses.some(({ internal }) => !internal))
    .map(([name]) => name);
  if (networks.length === 0) {
    return [warning("mdns", "no network", "plug in a cable, or join the Wi-Fi")];
  }
  const code = await tryMulticast();
  if (code === undefined) return [fine("mdns", `can be used on ${networks.join(", ")}`)];
  const mend = "stop the program that keeps it for itself, or list nodes under mesh.peers";
  return [failure("mdns", `UDP port ${MDNS_PORT} can't be shared (${code})`, mend)];
}

function tryMulticast(): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket({ type: "udp4", reuseAddr: true });
    const end = (code: string | undefined) => {
      socket.close();
      resolve(code);
    };
    socket.once("error", (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
    socket.bind(MDNS_PORT, () => {
      try {
        socket.addMembership(MDNS_GROUP);
        end(undefined);
      } catch (error) {
        // Without a default route the kernel asks for an interface; ours are named one by one.
        const { code } = error as NodeJS.ErrnoException;
        end(code === "ENODEV" || code === "EADDRNOTAVAIL" ? undefined : code);
      }
    });
  });
}
