import { ApiServer, type ApiServerOptions, type ApiTrust } from "./api/server.ts";
import type { Address } from "./base/id.ts";
import { err, ok, type Result } from "./base/result.ts";
import type { Millis } from "./base/time.ts";
import type { Config } from "./config/config.ts";
import type { DemoChannel } from "./demo-cut.ts";
import type { Dialect } from "./dialect.ts";
import { type EnterPorts, refusalText } from "./enter-mesh.ts";
import type { Admissions } from "./node/admissions.ts";
import { Calibrations } from "./node/calibrations.ts";
import type { Counters } from "./node/counters.ts";
import { DeviceProbe } from "./node/device-probe.ts";
import { DeviceReport } from "./node/device-report.ts";
import { Doors } from "./node/doors.ts";
import type { History } from "./node/history/history.ts";
import type { Naming } from "./node/naming.ts";
import type { Node } from "./node/node.ts";
import { People } from "./node/people.ts";
import { Plan } from "./node/plan.ts";
import type { Check } from "./node/read-side.ts";
import { Reader } from "./node/reader.ts";
import type { Replacements } from "./node/replacements.ts";
import { SelfReport } from "./node/self-report.ts";
import { Targets } from "./node/targets.ts";
import { PERMITTED_DOMAIN } from "./office/https.ts";
import { builtFile, type OpenedParts, openParts } from "./open-parts.ts";
import { wireBackup } from "./wire-backup.ts";
import { wireCore } from "./wire-core.ts";
import { type WiredEdge, wireEdge } from "./wire-edge.ts";
import { wireGrants } from "./wire-grants.ts";
import { wireHistory } from "./wire-history.ts";
import { type HttpsWiring, wireHttps } from "./wire-https.ts";
import { type WiredNeighbours, wireNeighbours } from "./wire-neighbours.ts";
import { wireSensors } from "./wire-sensors.ts";

export interface RunningNode {
  readonly id: string;
  readonly apiAddresses: readonly Address[];
  readonly httpsAddresses: readonly Address[];
  readonly meshAddresses: readonly Address[];
  /** When the store was last asked to take what is new, monotonic. */
  storeAskedMs(): Millis;
  /** For a program that runs a node within itself, as the bench does. */
  readonly core: Pick<WiredNode, "node" | "counters">;
  stop(): Promise<void>;
}

export interface RunPorts extends EnterPorts {
  readonly version: string;
  /** Only for a node of the demo. */
  readonly demo?: DemoChannel | undefined;
  /** Only in tests. */
  readonly dialect?: Dialect | undefined;
  /** More of what the node's health is made of. */
  checks?(): readonly Check[];
}

/** Makes every part of a node and starts it. The error is one line that says what to do. */
export async function startNode(config: Config, ports: RunPorts): Promise<Result<RunningNode>> {
  const opened = await openParts(config, ports);
  if (!opened.ok) return opened;
  const { store, identity } = opened.value;
  const wired = await wireNode(config, ports, opened.value);
  if (!wired.ok) {
    store.close();
    return wired;
  }
  const { node, report, api, apiAddresses, meshAddresses, naming, calibrations, people } =
    wired.value;
  const { admissions, replacements, probe, neighbours } = wired.value;
  const { history, edge, https, counters } = wired.value;
  const stop = async () => {
    await report.stop();
    await edge.stop();
    neighbours.stop();
    await api?.stop();
    await node.stop();
    history.stop();
    store.close();
  };
  try {
    apiAddresses.push(...((await api?.start()) ?? []));
    await node.start();
    // Before the first reading, which is to be told as it should have been.
    replacements.start();
    naming.start();
    calibrations.start();
    people.start();
    admissions.start();
    https.start();
    history.start();
    report.start();
    probe.start();
    await edge.start();
  } catch (error) {
    await stop();
    return err((error as Error).message);
  }
  const httpsAddresses = api?.secured() ?? [];
  const mesh = meshAddresses();
  const { storeAskedMs } = wired.value;
  const core = { node, counters };
  const told = { apiAddresses, httpsAddresses, meshAddresses: mesh, storeAskedMs, core };
  return ok({ id: identity.id, ...told, stop });
}

/** Where a node's API answers, HTTPS last. */
export function urlsOf({
  apiAddresses,
  httpsAddresses,
}: Pick<RunningNode, "apiAddresses" | "httpsAddresses">): readonly string[] {
  return [
    ...apiAddresses.map((address) => `http://${address}`),
    ...httpsAddresses.map((address) => `https://${address}`),
  ];
}

/** What has to be started and stopped. */
interface WiredNode {
  readonly node: Node;
  readonly counters: Counters;
  readonly report: SelfReport;
  readonly naming: Naming;
  readonly calibrations: Calibrations;
  readonly people: People;
  readonly admissions: Admissions;
  readonly replacements: Replacements;
  readonly edge: WiredEdge;
  readonly probe: DeviceProbe;
  readonly neighbours: WiredNeighbours;
  readonly history: History;
  readonly https: HttpsWiring;
  readonly api: ApiServer | undefined;
  readonly meshAddresses: () => readonly Address[];
  readonly storeAskedMs: () => Millis;
  /** Where the API answers, as the node tells the others; filled when it does. */
  readonly apiAddresses: Address[];
}

async function wireNode(
  config: Config,
  { version, checks, shutOut, ...ports }: RunPorts,
  opened: OpenedParts,
): Promise<Result<WiredNode>> {
  const { clock, log } = ports;
  const core = wireCore(config, opened, ports);
  const { trusted, node, replica, overlay, counters, transport, discovery, admissions } = core;
  const { addresses, random, demo, replacements, naming, persistence } = core;
  const { self } = trusted.identity;
  const objection = outText(node, shutOut);
  if (objection !== undefined) return err(objection);
  const { sensors, search } = await wireSensors(config, { clock, random, log });
  const ownKeys = replica.state(self)?.held.keys() ?? [];
  const neighbours = wireNeighbours(config, { clock, log }, ownKeys);
  const { record, keepMs } = config.neighbours;
  const spans = { ...config.presence, keepMs };
  const { awayAfterMs } = spans;
  const seen = { self, node, replica, clock, awayAfterMs, ...neighbours };
  const devices = new DeviceReport({ ...seen, record });
  const probe = new DeviceProbe({ ...seen, keepMs, hash: trusted.trust.hash });
  const people = new People({ self, node, replica, clock, devices, spans });
  const past = { self, node, replica, overlay, counters, clock, random: random.fork() };
  const { history, historyFile } = wireHistory(config, { ...past, naming }, log);
  const storeAskedMs = () => persistence.askedMs;
  const backup = wireBackup({ persistence, store: opened.store, history, historyFile });
  const mesh = { node, replica, overlay, clock, sensors, watch: neighbours.watch };
  const { halfLifeMs, resetMinute } = config.occupancy;
  const calibrations = new Calibrations({ ...seen, ...config.node, sensors, log });
  const shared = { ...mesh, naming, version, addresses };
  const { grants, trust } = wireGrants(trusted, { node, replica, clock });
  const living = () => admissions.own().admins.flatMap((one) => (one.isAlive ? [one.id] : []));
  const opening = await wireHttps(config, trusted, { ...past, self, log, admins: living });
  if (!opening.ok) return opening;
  const https = opening.value;
  const { advice, edge } = wireEdge(config, { ...past, log }, () => reader);
  const reader = new Reader({
    ...shared,
    self,
    meshId: trusted.mesh.id,
    keepMs,
    halfLifeMs,
    transport,
    discovery,
    store: opened.store,
    counters,
    calibrations,
    search,
    advice,
    targets: new Targets({ self, node, replica, clock }),
    people,
    membership: admissions,
    https: https.authority,
    plan: new Plan({ node, replica, clock }),
    edgeChecks: () => [...edge.checks(), ...https.checks(), ...(checks?.() ?? [])],
    demo,
    grants,
    replacements,
    backup,
    history,
  });
  const apiAddresses: Address[] = [];
  const run = trusted.identity.boot;
  const doors = new Doors({ self, node, replica, clock, sensors, log, naming, run, resetMinute });
  const report = new SelfReport({
    ...shared,
    devices,
    doors,
    api: () => urlsOf({ apiAddresses, httpsAddresses: api?.secured() ?? [] }),
  });
  const secure = https.door;
  const api = wireApi(config, reader, { clock, log, trust, secure });
  const meshAddresses = () => transport.bound();
  const own = { calibrations, people, admissions, replacements };
  const told = { api, meshAddresses, apiAddresses, storeAskedMs, ...own };
  const parts = { node, counters, report, naming, history, probe, neighbours, edge, https };
  return ok({ ...parts, ...told });
}

/** Why a node does not start that has no place in its mesh any more. */
function outText({ isForgotten, isReplaced }: Node, shutOut = () => {}): string | undefined {
  if (isForgotten || isReplaced) shutOut();
  if (isForgotten) return refusalText("forgotten");
  return isReplaced
    ? "another node has this one's place: run watercooler rekey, then join"
    : undefined;
}

function wireApi(
  { node, space, api: { listen, hosts: more, read: mayRead } }: Config,
  read: Reader,
  {
    secure,
    ...deps
  }: Pick<ApiServerOptions, "clock" | "log" | "secure"> & { readonly trust: ApiTrust },
): ApiServer | undefined {
  if (listen === "" && secure === undefined) return undefined;
  const staticDir = builtFile("../dashboard");
  // What a certificate names has to be answered to.
  const hosts = secure === undefined ? more : [...more, `${node.name}.${PERMITTED_DOMAIN}`];
  return new ApiServer({ listen, secure, hosts, staticDir, read, mayRead, space, ...deps });
}
