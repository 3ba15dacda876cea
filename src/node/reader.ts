import { isPushSensor, type PushSensor } from "../../firmware-bridge/src/push.ts";
import { toHex } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Millis } from "../base/time.ts";
import { isAdmissionKey } from "../office/admissions.ts";
import { parseClaimKey, parseUnclaimKey } from "../office/claims.ts";
import { isAboutDoors } from "../office/doors.ts";
import { type Fact, factsOf } from "../office/facts.ts";
import { deviceViews } from "../office/network.ts";
import { nodeName, nodeViews } from "../office/nodes.ts";
import { occupancies } from "../office/occupancy.ts";
import {
  ALIVE_KEY,
  LINKS_KEY,
  NAMED_KEY,
  NODE_KEY,
  parseDeviceKey,
  parseReadingKey,
} from "../office/records.ts";
import { isAboutPlaces } from "../office/replacements.ts";
import { readingViews, roomViews } from "../office/rooms.ts";
import { parseTargetKey } from "../office/targets.ts";
import type { DeviceView, NodeView, ReadingView, RoomView } from "../office/views.ts";
import { isPlausible } from "../reading/kind.ts";
import type { Entry } from "../replica/entry.ts";
import type { History } from "./history/history.ts";
import { nodeMetrics } from "./metrics.ts";
import type { Named } from "./naming.ts";
import type { Node } from "./node.ts";
import type { People } from "./people.ts";
import type {
  BackupSide,
  CalibrationRequest,
  CalibrationView,
  Check,
  DemoSide,
  GrantSide,
  HttpsSide,
  MembershipSide,
  MeshView,
  Metric,
  PlanSide,
  PushedReading,
  PushRefusal,
  ReadSide,
  ReplacementSide,
  SelfView,
  Topic,
  WriteRefusal,
} from "./read-side.ts";
import type { ReaderParts } from "./reader-parts.ts";
import { notWritten, type Targets } from "./targets.ts";

/** Answers for the API, from this node's own state. */
export class Reader implements ReadSide {
  private readonly startedWallMs: Millis;
  private readonly startedMs: Millis;

  constructor(private readonly parts: ReaderParts) {
    this.startedWallMs = parts.clock.wallMs();
    this.startedMs = parts.clock.monotonicMs();
    parts.advice?.follow(parts.node, () => this.plainRooms());
  }

  get people(): People | undefined {
    return this.parts.people;
  }

  get membership(): MembershipSide | undefined {
    return this.parts.membership;
  }

  get https(): HttpsSide | undefined {
    return this.parts.https;
  }

  get history(): History | undefined {
    return this.parts.history;
  }

  get targets(): Targets | undefined {
    return this.parts.targets;
  }

  get plan(): PlanSide | undefined {
    return this.parts.plan;
  }

  get search(): ReaderParts["search"] {
    return this.parts.search;
  }

  get demo(): DemoSide | undefined {
    return this.parts.demo;
  }

  get replacements(): ReplacementSide | undefined {
    return this.parts.replacements;
  }

  get backup(): BackupSide | undefined {
    return this.parts.backup;
  }

  get grants(): GrantSide | undefined {
    return this.parts.grants;
  }

  self(): SelfView {
    const { self: id, naming, version, clock, sensors, addresses } = this.parts;
    const { name, room } = naming;
    return {
      id,
      name,
      room,
      version,
      startedWallMs: this.startedWallMs,
      uptimeMs: clock.monotonicMs() - this.startedMs,
      addresses: addresses(),
      authority: this.https?.fingerprint(),
      sensors: sensors.map((sensor) => {
        const health = sensor.health();
        const error = health.state === "failing" ? health.error : undefined;
        const { name: sensorName, platform } = sensor;
        const kinds = sensor.kinds();
        const values = sensor.latest?.() ?? [];
        return { name: sensorName, platform, kinds, state: health.state, error, values };
      }),
    };
  }

  checks(): readonly Check[] {
    const { node, store, sensors, discovery, replica } = this.parts;
    const failing = sensors.filter((sensor) => sensor.health().state === "failing");
    // A source that stands in for a blind one is all that is needed.
    const onLan = discovery.state().filter(({ source }) => source !== "configured");
    const sees = onLan.length === 0 || onLan.some(({ state }) => state === "working");
    const { movedAside } = store.state();
    const clones = node.clones.found();
    const names = clones.map((id) => `${nodeName(replica, id)} (${id})`).join(", ");
    const check = (name: string, problem: string | undefined, fine: string): Check => ({
      name,
      state: problem === undefined ? "ok" : "degraded",
      detail: problem ?? fine,
    });
    return [
      check(
        "store",
        node.storeFailure && `takes no writes (${node.storeFailure}): see to the disk`,
        movedAside ? `a damaged file was moved to ${movedAside}` : "takes writes",
      ),
      check(
        "sensors",
        failing.length > 0 ? `failing: ${failing.map(({ name }) => name).join(", ")}` : undefined,
        `${sensors.length} configured`,
      ),
      check(
        "discovery",
        sees ? undefined : onLan.map(({ detail }) => detail).join("; "),
        onLan.length === 0 ? "mDNS is off" : "sees the network",
      ),
      check("identity", identityProblem(node, names), "nobody else uses it"),
      ...(this.parts.replacements?.checks() ?? []),
      ...(this.parts.edgeChecks?.() ?? []),
      check("conduct", this.misconduct(), "no member floods or forges"),
      ...(this.parts.history === undefined ? [] : [this.parts.history.check()]),
    ];
  }

  /** Members that do what no node does; a node that was taken over looks like that. */
  private misconduct(): string | undefined {
    const { overlay, replica } = this.parts;
    const named = (id: NodeId) => `${nodeName(replica, id)} (${id})`;
    const floods = overlay.intake.budgets.flooding(this.now()).map(named).join(", ");
    const forges = overlay.conduct.banned(this.now()).map(named).join(", ");
    const said = [
      floods && `${floods} writes more than is taken of one node`,
      forges && `${forges} sent what no node sends, so its link is cut for a while`,
    ].filter((one) => one !== "");
    return said.length === 0 ? undefined : `${said.join("; ")}: see what runs there`;
  }

  nodes(): readonly NodeView[] {
    return nodeViews(this.parts.replica, this.parts.self, this.now());
  }

  mesh(): MeshView {
    const { meshId, self, node, overlay, replica, transport } = this.parts;
    const { views } = overlay.membership;
    return {
      mesh: meshId,
      self,
      active: [...views.active.keys()],
      passive: [...views.passive.keys()],
      nodes: this.nodes().filter(({ state }) => state !== "retired").length,
      digest: toHex(replica.digest()),
      entries: replica.size(),
      eager: [...overlay.tree.eager],
      lazy: [...overlay.tree.lazy],
      links: transport.stats().map(({ peer, remote, bytesIn, bytesOut }) => ({
        id: peer,
        address: remote,
        wire: node.speech.versionOf(peer),
        rttMs: overlay.membership.keepAlives.rttMs(peer),
        bytesIn,
        bytesOut,
      })),
    };
  }

  rooms(): readonly RoomView[] {
    const rooms = this.plainRooms();
    return this.parts.advice?.advised(rooms) ?? rooms;
  }

  readings(): readonly ReadingView[] {
    return readingViews(this.parts.replica, this.parts.self, this.now());
  }

  network(): readonly DeviceView[] {
    const { replica, keepMs, people } = this.parts;
    const owners = people?.owners();
    return deviceViews(replica, keepMs, this.now()).map((device) => ({
      ...device,
      owners: owners?.get(device.mac) ?? [],
    }));
  }

  facts(): readonly Fact[] {
    return factsOf(this.parts.replica, this.now());
  }

  metrics(): readonly Metric[] {
    return nodeMetrics(this.parts, this.nodes());
  }

  push(readings: readonly PushedReading[]): Result<void, PushRefusal> {
    const { sensors, node } = this.parts;
    if (node.isClone) {
      return err({
        status: 409,
        detail: "a clone takes no readings: another node runs as this one",
      });
    }
    if (node.isForgotten) return err(notWritten("forgotten"));
    if (node.isReplaced) return err(notWritten("replaced"));
    if (node.storeFailure !== undefined) {
      return err({ status: 507, detail: `the store takes no writes: ${node.storeFailure}` });
    }
    const targets: { sensor: PushSensor; reading: PushedReading }[] = [];
    for (const reading of readings) {
      const sensor = sensors.find(({ name }) => name === reading.sensor);
      if (sensor === undefined || !isPushSensor(sensor)) {
        const known = sensors.filter(isPushSensor).map(({ name }) => name);
        const list = known.join(", ") || "none";
        const detail = `no push sensor "${reading.sensor}"; known are: ${list}`;
        return err({ status: 404, detail });
      }
      if (!isPlausible(reading.kind, Number(reading.value))) {
        return err({ status: 422, detail: `${reading.value} can't be a ${reading.kind}` });
      }
      targets.push({ sensor, reading });
    }
    for (const { sensor, reading } of targets) {
      const { sensor: _, ...pushable } = reading;
      const pushed = sensor.push(pushable);
      if (!pushed.ok) return err({ status: 422, detail: pushed.error });
    }
    return ok(undefined);
  }

  calibrate(sensor: string, request: CalibrationRequest): Result<CalibrationView, WriteRefusal> {
    const { calibrations } = this.parts;
    if (calibrations !== undefined) return calibrations.set(sensor, request);
    return err({ status: 404, detail: "this node keeps no calibrations" });
  }

  rename(named: Named): Result<void, WriteRefusal> {
    return this.parts.naming.set(named);
  }

  subscribe(listener: (topics: ReadonlySet<Topic>) => void): () => void {
    const { node } = this.parts;
    const offEntries = node.onEntries((entries) => listener(topicsOf(entries)));
    const offOverlay = node.onOverlay(() => listener(new Set<Topic>(["mesh"])));
    return () => {
      offEntries();
      offOverlay();
    };
  }

  private plainRooms(): readonly RoomView[] {
    const { replica, self, halfLifeMs } = this.parts;
    const readings = this.readings();
    return roomViews(
      readings,
      this.nodes().map(({ room }) => room),
      this.parts.targets?.all() ?? [],
      occupancies(replica, self, readings, { halfLifeMs, nowMs: this.now() }),
    );
  }

  private now(): Millis {
    return this.parts.clock.monotonicMs();
  }
}

/** What is wrong with who this node is; `clones` names those that two processes run as. */
function identityProblem(
  node: Pick<Node, "isForgotten" | "isReplaced" | "isClone">,
  clones: string,
): string | undefined {
  if (node.isForgotten) return "this node was put out of the mesh: run watercooler rekey";
  if (node.isReplaced) return "another node has this one's place: run watercooler rekey";
  if (node.isClone) {
    return "another node runs with this identity: stop one and run watercooler rekey there";
  }
  if (clones === "") return undefined;
  return `two nodes run as ${clones}: stop the one on a cloned card, then restart the other`;
}

function topicsOf(entries: readonly Entry[]): ReadonlySet<Topic> {
  return new Set<Topic>(["mesh", ...entries.flatMap(({ key }) => topicsOfKey(key))]);
}

function topicsOfKey(key: string): readonly Topic[] {
  if (isAboutDoors(key)) return ["rooms"];
  if (parseReadingKey(key) !== undefined || parseTargetKey(key) !== undefined) return ["rooms"];
  if (parseDeviceKey(key) !== undefined) return ["network", "people"];
  if (parseClaimKey(key) !== undefined) return ["network", "people"];
  if (parseUnclaimKey(key) !== undefined) return ["network", "people"];
  if (isAdmissionKey(key) || isAboutPlaces(key)) return ["nodes"];
  return [NODE_KEY, NAMED_KEY, LINKS_KEY, ALIVE_KEY].includes(key) ? ["nodes"] : [];
}
