import { createHash, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createIpNeigh } from "../firmware-bridge/src/ip-neigh.ts";
import { NeighbourWatch } from "../firmware-bridge/src/neighbour-watch.ts";
import type { Sensor } from "../firmware-bridge/src/sensor.ts";
import { createSensor } from "../firmware-bridge/src/sensors.ts";
import { systemTimers } from "../firmware-bridge/src/timers.ts";
import { ApiServer } from "./api/server.ts";
import { concatBytes, toHex, utf8 } from "./base/bytes.ts";
import { type Address, addressOf, keyOfNodeId, splitAddress } from "./base/id.ts";
import type { Log } from "./base/log.ts";
import { SeededRandom } from "./base/random.ts";
import { err, ok, type Result } from "./base/result.ts";
import type { Clock } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import { Sources } from "./link/discovery/choose.ts";
import { WebSocketTransport } from "./link/websocket.ts";
import { assembleNode } from "./node/assemble.ts";
import { Reader } from "./node/reader.ts";
import { SelfReport } from "./node/self-report.ts";
import { parseDeviceKey } from "./office/records.ts";
import { createFrameCodec, WIRE_VERSION } from "./overlay/codec.ts";
import { DEFAULT_PARAMETERS } from "./overlay/parameters.ts";
import { createEntryCodec, IdentityTable } from "./replica/entry-codec.ts";
import { openStore } from "./store/open.ts";
import type { Store } from "./store/port.ts";
import { loadOrMintCertificate } from "./trust/certificate.ts";
import { encodeHello, judgeHello } from "./trust/hello.ts";
import { createVerifier, type Identity, loadOrCreateIdentity } from "./trust/identity.ts";
import { createMesh, loadOrCreateSecret, type Mesh, signIn } from "./trust/membership.ts";

/** Keeps signatures of entries apart from all others that a key may make. */
const ENTRY_DOMAIN = utf8("watercooler entry 1\0");

export interface RunningNode {
  readonly id: string;
  readonly apiAddresses: readonly Address[];
  readonly meshAddresses: readonly Address[];
  stop(): Promise<void>;
}

export interface RunPorts {
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** Makes every part of a node and wires them. The error is one line that says what to do. */
export async function startNode(config: Config, ports: RunPorts): Promise<Result<RunningNode>> {
  const opened = await openParts(config, ports.log);
  if (!opened.ok) return opened;
  const { store } = opened.value;
  const started = await runParts(config, ports, opened.value);
  if (!started.ok) store.close();
  return started;
}

interface OpenedParts {
  readonly identity: Identity;
  readonly store: Store;
  readonly root: Identity;
  readonly certificate: string;
}

/** Everything that a start can fail on before anything runs. */
async function openParts(config: Config, log: Log): Promise<Result<OpenedParts>> {
  const identity = loadOrCreateIdentity(config.dataDir);
  if (!identity.ok) return identity;
  const secret = loadOrCreateSecret(config.mesh.secretFile);
  if (!secret.ok) return secret;
  if (secret.value.made === "new") {
    log.write("info", "made a new mesh: copy its secret to the other Pis to let them in", {
      file: config.mesh.secretFile,
    });
  }
  const mintScript = fileURLToPath(new URL("./mint-certificate.js", mintBase()));
  const certificate = await loadOrMintCertificate(config.dataDir, identity.value, mintScript);
  if (!certificate.ok) return certificate;
  const store = openStore(join(config.dataDir, "state.db"), log);
  if (!store.ok) return store;
  return ok({
    identity: identity.value,
    store: store.value,
    root: secret.value.root,
    certificate: certificate.value,
  });
}

async function runParts(
  config: Config,
  ports: RunPorts,
  { identity, store, root, certificate }: OpenedParts,
): Promise<Result<RunningNode>> {
  const { clock, log } = ports;
  const verify = createVerifier();
  const mesh = createMesh(root.id, verify);
  const credential = signIn(root, identity);
  const boot = toHex(randomBytes(8));
  const random = new SeededRandom(randomBytes(6).readUIntBE(0, 6));
  const table = new IdentityTable();
  const meshKey = keyOfNodeId(mesh.id) ?? new Uint8Array();
  const signed = (body: Uint8Array) => concatBytes([ENTRY_DOMAIN, meshKey, body]);
  const self = identity.id;
  const addresses = () => ownAddresses(config);
  const transport = makeTransport(config, identity, certificate, mesh, {
    boot,
    credential,
    addresses,
    log,
  });
  const discovery = new Sources({
    mode: config.mesh.discovery,
    peers: config.mesh.peers,
    interfaces: config.mesh.interfaces,
    announcement: { id: self, port: meshPort(config), meshTag: mesh.tag, version: WIRE_VERSION },
    clock,
    timers: systemTimers,
    random: random.fork(),
    log,
  });
  const sign = (body: Uint8Array) => identity.sign(signed(body));
  const { node, replica, overlay, counters } = assembleNode({
    identity: { self, boot, credential, machine: machineId(), sign },
    trust: {
      hash: (bytes) => new Uint8Array(createHash("sha256").update(bytes).digest()),
      verify: (entry) => verify(entry.origin, signed(entry.body), entry.signature),
      admit: (origin, shown) => mesh.admits(origin, shown),
    },
    parameters: {
      ...DEFAULT_PARAMETERS,
      activeMax: config.mesh.activeView,
      activeMin: config.mesh.activeView,
      passiveMax: config.mesh.passiveView,
    },
    addresses,
    entryCodec: createEntryCodec(table),
    frameCodec: createFrameCodec(table),
    store,
    transport,
    discovery,
    clock,
    timers: systemTimers,
    random,
    log,
  });
  const sensors = await makeSensors(config, { clock, random, log });
  if (!sensors.ok) return sensors;
  const watch = makeWatch(config, clock, log, replica.state(self)?.held.keys() ?? []);
  const { name, room } = config.node;
  const shared = { node, replica, overlay, clock, sensors: sensors.value, watch, name, room };
  const { version } = ports;
  const reader = new Reader({
    ...shared,
    self,
    meshId: mesh.id,
    version,
    keepMs: config.neighbours.keepMs,
    transport,
    discovery,
    store: store,
    counters,
    addresses,
  });
  const staticDir = fileURLToPath(new URL("../dashboard", mintBase()));
  const { listen, hosts } = config.api;
  const api =
    listen === ""
      ? undefined
      : new ApiServer({
          listen,
          hosts,
          staticDir,
          read: reader,
          mayRead: config.api.read,
          clock,
          log,
        });
  let apiAddresses: readonly Address[] = [];
  const report = new SelfReport({
    ...shared,
    version,
    addresses,
    api: () => apiAddresses.flatMap((address) => urlsOf(address)),
  });
  const stop = async () => {
    await report.stop();
    await api?.stop();
    await node.stop();
    store.close();
  };
  try {
    apiAddresses = (await api?.start()) ?? [];
    await node.start();
    report.start();
  } catch (error) {
    await stop();
    return err((error as Error).message);
  }
  return ok({ id: self, apiAddresses, meshAddresses: transport.bound(), stop });
}

function makeTransport(
  config: Config,
  identity: Identity,
  certificatePem: string,
  mesh: Mesh,
  own: {
    boot: string;
    credential: Uint8Array;
    addresses: () => readonly Address[];
    log: Log;
  },
): WebSocketTransport {
  const { boot, credential, addresses, log } = own;
  return new WebSocketTransport({
    identity: {
      self: identity.id,
      hello: () => encodeHello({ mesh, boot, credential, addresses: addresses() }),
      judge: (peer, bytes) => judgeHello(mesh, peer, bytes),
    },
    keyPem: identity.privateKeyPem,
    certificatePem,
    listen: [config.mesh.listen],
    log,
  });
}

async function makeSensors(
  config: Config,
  deps: { clock: Clock; random: SeededRandom; log: Log },
): Promise<Result<readonly Sensor[]>> {
  const sensors: Sensor[] = [];
  for (const one of config.sensors) {
    const { clock, log, random } = deps;
    const made = await createSensor(one, {
      clock,
      log,
      timers: systemTimers,
      random: random.fork(),
    });
    if (!made.ok) return err(`sensor ${one.name}: ${made.error}`);
    sensors.push(made.value);
  }
  return ok(sensors);
}

function makeWatch(
  config: Config,
  clock: Clock,
  log: Log,
  ownKeys: Iterable<string>,
): NeighbourWatch | undefined {
  const { record, interfaces, keepMs, updateIntervalMs } = config.neighbours;
  // "registered" shares what people registered; nobody can until people are part of the mesh.
  if (record !== "all") return undefined;
  const known = [...ownKeys].map(parseDeviceKey).filter((mac) => mac !== undefined);
  const read = createIpNeigh({ interfaces, log });
  return new NeighbourWatch({
    read,
    updateIntervalMs,
    keepMs,
    clock,
    timers: systemTimers,
    log,
    known,
  });
}

/** Where the bundled program lies; compiled for tests, its parts lie one folder up. */
function mintBase(): URL {
  const here = new URL(import.meta.url);
  return here.pathname.includes("/dist/app/")
    ? here
    : new URL("../../../app/main.js", here.pathname.startsWith("/") ? here : import.meta.url);
}

function meshPort(config: Config): number {
  return Number(/:(\d+)$/.exec(config.mesh.listen)?.[1] ?? 0);
}

function ownAddresses(config: Config): readonly Address[] {
  const advertised = config.mesh.advertise as readonly Address[];
  if (advertised.length > 0) return advertised;
  const port = meshPort(config);
  const host = config.mesh.listen.replace(/:\d+$/, "").replace(/^\[|\]$/g, "");
  if (host !== "0.0.0.0" && host !== "::") return [addressOf(host, port)];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ internal, family, address }) => {
      const linkLocal = address.startsWith("fe80");
      return !internal && !linkLocal && (family === "IPv4" || host === "::");
    })
    .map(({ address }) => addressOf(address, port));
}

function urlsOf(address: Address): readonly string[] {
  const parts = splitAddress(address);
  if (parts === undefined) return [];
  if (parts.host !== "0.0.0.0" && parts.host !== "::") return [`http://${address}`];
  const all = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  return all
    .filter(({ internal, family }) => !internal && family === "IPv4")
    .map((one) => `http://${addressOf(one.address, parts.port)}`);
}

/** What tells this board from another that runs a copy of its card. */
function machineId(): string {
  for (const file of ["/proc/device-tree/serial-number", "/etc/machine-id"]) {
    try {
      const text = readFileSync(file, "utf8");
      return createHash("sha256").update(`watercooler ${text}`).digest("hex").slice(0, 32);
    } catch {}
  }
  return "unknown";
}
