import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { Socket } from "node:net";
import type { Address, NodeId } from "../base/id.ts";
import type { Log } from "../base/log.ts";
import type { Clock } from "../base/time.ts";
import type { ReadSide } from "../node/read-side.ts";
import type { Issued } from "../ucan/chain.ts";
import type { UcanCrypto } from "../ucan/envelope.ts";
import { AddressLimits } from "./address-limits.ts";
import { sendRaw } from "./answer.ts";
import { Desk } from "./desk.ts";
import {
  deviceDocument,
  meshDocument,
  nodeDocument,
  personDocument,
  roomDocument,
  selfDocument,
} from "./documents.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import { type ListenSetting, listenAt, parseListen, reachableAt } from "./listen.ts";
import { Live } from "./live.ts";
import type { LiveSource } from "./live-board.ts";
import { ownNamesOf } from "./own-names.ts";
import { problem } from "./problems.ts";
import type { SecureDoor } from "./secure-door.ts";
import type { SpaceSettings } from "./space.ts";
import { loadStaticFiles } from "./static-files.ts";

export interface ApiOptions {
  /** `host:port`; port 0 lets the system choose, and empty answers over HTTPS alone. */
  readonly listen: string;
  readonly secure?: SecureDoor | undefined;
  /** More Host names to accept, beside the machine's own. */
  readonly hosts: readonly string[];
  /** `"capability"`: what names people is told to the node's own machine only, for now. */
  readonly read: "lan" | "capability";
  readonly log: Log;
  /** The built dashboard; without it `/` says how to build it. */
  readonly staticDir?: string | undefined;
  readonly readSide: ReadSide;
  readonly clock: Clock;
  /** What `/spaceapi.json` says of the place; without it there is none. */
  readonly space?: SpaceSettings | undefined;
  /** What capabilities are judged by; without it none is taken. */
  readonly trust?: ApiTrust | undefined;
}

export interface ApiTrust {
  readonly crypto: UcanCrypto;
  /** The mesh's root. */
  readonly mesh: NodeId;
  isRevoked(link: Issued): boolean;
}

export interface Api {
  /** Where it answers. Rejects with one line that says what to do. */
  start(): Promise<readonly Address[]>;
  /** Where it answers over HTTPS, once it does. */
  secured(): readonly Address[];
  /** Ends within STOP_MS_MAX, also with open sockets. */
  stop(): Promise<void>;
}

/** What `run-node` hands in. */
export interface ApiServerOptions extends Omit<ApiOptions, "read" | "readSide"> {
  readonly read: ReadSide;
  readonly mayRead?: ApiOptions["read"];
}

/** `createApi` as a class; `read` is the read side here, `mayRead` the setting `api.read`. */
export class ApiServer implements Api {
  private readonly api: Api;

  constructor({ read: readSide, mayRead: read = "lan", ...rest }: ApiServerOptions) {
    this.api = createApi({ ...rest, read, readSide });
  }

  start(): Promise<readonly Address[]> {
    return this.api.start();
  }

  secured(): readonly Address[] {
    return this.api.secured();
  }

  stop(): Promise<void> {
    return this.api.stop();
  }
}

/** A page opens six connections, a scraper one: room for an office. A guess. */
const CONNECTIONS_MAX = 512;
const HEADER_BYTES_MAX = 8 * 1024;
const HEADERS_MS_MAX = 5_000;
const REQUEST_MS_MAX = 10_000;
const KEEP_ALIVE_MS = 5_000;
/** A client that takes nothing for so long is cut off. */
const SOCKET_IDLE_MS_MAX = 30_000;
/** How often slow requests are looked for. */
const SLOW_CHECK_MS = 1_000;
/** How long answers under way and goodbyes may take when stopping. */
const STOP_MS_MAX = 500;

/** The HTTP API, the live socket and the dashboard's files, on one port or one more for HTTPS. */
export function createApi(options: ApiOptions): Api {
  const { readSide, clock } = options;
  const ownNames = ownNamesOf(clock);
  const sockets = new Set<Socket>();
  const limits = new AddressLimits(clock);
  const servers: Server[] = [];
  let live: Live | undefined;
  let secured: readonly Address[] = [];
  const open = async (server: Server, listen: string, desk: Desk, setting: ListenSetting) => {
    const at = parseListen(listen, setting);
    if (!at.ok) throw new Error(at.error);
    attach(server, desk);
    const port = await listenAt(server, at.value, setting);
    servers.push(server);
    server.on("error", (error) => {
      options.log.write("error", "the HTTP server failed", { error: error.message });
    });
    return reachableAt(at.value.host, port, ownNames());
  };
  const halt = async () => {
    const closing = servers.splice(0);
    if (live !== undefined) await stop(closing, live, sockets);
    live = undefined;
  };
  return {
    start: async () => {
      const files = await loadStaticFiles(options.staticDir);
      live = new Live(readSide, liveSource(readSide), clock);
      const doorkeeper = doorkeeperOf(options);
      const sha256 = options.trust?.crypto.sha256;
      const desk = new Desk({ ...options, ownNames, live, files, limits, doorkeeper, sha256 });
      const { listen, secure } = options;
      try {
        const plain =
          listen === "" ? [] : await open(bareServer(sockets, limits), listen, desk, "api.listen");
        if (secure !== undefined) {
          const server = secureServer(secure, sockets, limits);
          secured = await open(server, secure.listen, desk, "api.https");
        }
        return plain;
      } catch (error) {
        await halt();
        throw error;
      }
    },
    secured: () => secured,
    stop: halt,
  };
}

function doorkeeperOf({ trust, readSide, clock }: ApiOptions): Doorkeeper | undefined {
  if (trust === undefined) return undefined;
  const isRevoked = (link: Issued) => trust.isRevoked(link);
  return new Doorkeeper({ ...trust, isRevoked, self: readSide.self().id, clock });
}

const LIMITS = {
  maxHeaderSize: HEADER_BYTES_MAX,
  headersTimeout: HEADERS_MS_MAX,
  requestTimeout: REQUEST_MS_MAX,
  keepAliveTimeout: KEEP_ALIVE_MS,
  connectionsCheckingInterval: SLOW_CHECK_MS,
  requireHostHeader: false,
};

function bareServer(sockets: Set<Socket>, limits: AddressLimits): Server {
  const server = createServer(LIMITS);
  const isLet = (address: string | undefined) => limits.connected(address);
  const refuse = (socket: Socket) => {
    socket.on("error", () => {});
    sendRaw(socket, problem(429, "too many connections from this address: close some"));
  };
  return limited(server, sockets, limits, { isLet, refuse });
}

function secureServer(secure: SecureDoor, sockets: Set<Socket>, limits: AddressLimits): Server {
  const handshakeTimeout = HEADERS_MS_MAX;
  const server = createSecureServer({ ...LIMITS, ...secure.credentials, handshakeTimeout });
  // A handshake costs more than most requests: it counts as one.
  const isLet = (address: string | undefined) => limits.asked(address) && limits.connected(address);
  secure.renewed = () => server.setSecureContext(secure.credentials);
  // Nothing can be said before the handshake, which is what costs.
  return limited(server, sockets, limits, { isLet, refuse: (socket) => socket.destroy() });
}

function limited(
  server: Server,
  sockets: Set<Socket>,
  limits: AddressLimits,
  door: {
    isLet(address: string | undefined): boolean;
    refuse(socket: Socket): void;
  },
): Server {
  server.maxConnections = CONNECTIONS_MAX;
  server.timeout = SOCKET_IDLE_MS_MAX;
  server.on("connection", (socket) => {
    // Asked now: a socket that was closed has no address any more.
    const { remoteAddress } = socket;
    if (!door.isLet(remoteAddress)) return door.refuse(socket);
    sockets.add(socket);
    socket.on("close", () => {
      sockets.delete(socket);
      limits.disconnected(remoteAddress);
    });
  });
  return server;
}

function attach(server: Server, desk: Desk): void {
  server.on("request", (request, response) => void desk.answer(request, response));
  server.on("checkContinue", (request, response) => void desk.answer(request, response, "asked"));
  server.on("upgrade", (request, socket, head) => desk.upgrade(request, socket, head));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => {
    // Also told of handshakes that failed: nothing can be sent then.
    if (error.code === "ECONNRESET" || /^ERR_(SSL|TLS)/.test(error.code ?? "")) socket.destroy();
    else if (error.code === "HPE_HEADER_OVERFLOW") {
      sendRaw(socket, problem(431, `headers may have ${HEADER_BYTES_MAX} bytes`));
    } else if (error.code === "ERR_HTTP_REQUEST_TIMEOUT") {
      sendRaw(socket, problem(408, "the request took too long to arrive"));
    } else sendRaw(socket, problem(400, "this is not HTTP/1.1"));
  });
}

function liveSource(readSide: ReadSide): LiveSource {
  return {
    rooms: () => readSide.rooms().map(roomDocument),
    people: () => (readSide.people?.list() ?? []).map(personDocument),
    nodes: () => readSide.nodes().map(nodeDocument),
    network: () => readSide.network().map(deviceDocument),
    mesh: () => meshDocument(readSide.mesh(), readSide.nodes()),
    node: () => selfDocument(readSide.self()),
  };
}

async function stop(
  servers: readonly Server[],
  live: Live,
  sockets: ReadonlySet<Socket>,
): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((end) => server.close(() => end())));
  live.stop();
  for (const server of servers) server.closeIdleConnections();
  const timer = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, STOP_MS_MAX);
  await Promise.all(closed);
  clearTimeout(timer);
  // The server does not count sockets that became WebSockets.
  for (const socket of sockets) socket.destroy();
}
