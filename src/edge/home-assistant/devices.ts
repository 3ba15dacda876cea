import type { NodeView, PersonView, ReadingView, RoomView } from "../../office/views.ts";
import { isBooleanKind } from "../../reading/kind.ts";
import { titleOf } from "../title.ts";
import {
  type Component,
  connectivityComponent,
  NO,
  occupancyComponent,
  readingComponent,
  stateOf,
  TARGET_KINDS,
  targetComponent,
  valueAt,
  YES,
} from "./entities.ts";
import type { Topics } from "./topics.ts";

/** What is not in it is not known. */
const FLAGS: ReadonlyMap<boolean | undefined, string> = new Map([
  [true, YES],
  [false, NO],
]);

/** What is known of the office, as one node sees it. */
export interface OfficeView {
  readonly rooms: readonly RoomView[];
  readonly nodes: readonly NodeView[];
  readonly readings: readonly ReadingView[];
  /** Empty where people are not to be published. */
  readonly people: readonly PersonView[];
}

export interface DeviceSettings {
  readonly topics: Topics;
  readonly targets: "read" | "write";
  readonly version: string;
}

/** A device of Home Assistant: how it is announced, and what its state topic says. */
export interface Device {
  readonly id: string;
  readonly stateTopic: string;
  readonly info: Readonly<Record<string, string | readonly string[]>>;
  readonly components: Readonly<Record<string, Component>>;
  readonly state: Readonly<Record<string, string | number | null>>;
}

/** The mesh's devices: a room each, a Pi each and, where they are told, the people. */
export function devicesOf(office: OfficeView, settings: DeviceSettings): readonly Device[] {
  const devices = [
    ...office.rooms.map((room) => roomDevice(room, office.nodes, settings)),
    ...byName(office.nodes).map((node) => nodeDevice(node, office.readings, settings)),
    ...(office.people.length === 0 ? [] : [peopleDevice(office.people, settings)]),
  ];
  return devices.filter(({ components }) => Object.keys(components).length > 0);
}

/** A device's retained discovery message, in JSON. */
export function discoveryOf(device: Device, { topics, version }: DeviceSettings): string {
  return JSON.stringify({
    device: device.info,
    origin: { name: "Watercooler", sw_version: version },
    availability: topics.slots.map((topic) => ({ topic })),
    availability_mode: "any",
    qos: 1,
    state_topic: device.stateTopic,
    components: device.components,
  });
}

/** Which targets of a room can be told and set: by key of its state, the kind. */
export function targetKinds({
  readings,
  targets,
}: RoomView): RoomView["targets"][number]["kind"][] {
  const measured = readings.map(({ kind }) => kind).filter((kind) => TARGET_KINDS.includes(kind));
  const set = targets.map(({ kind }) => kind).filter((kind) => !isBooleanKind(kind));
  return [...new Set([...measured, ...set])].sort();
}

function roomDevice(
  room: RoomView,
  nodes: readonly NodeView[],
  { topics, targets: may }: DeviceSettings,
): Device {
  const id = topics.deviceId("room", room.room);
  const components: Record<string, Component> = {};
  const state: Record<string, string | number | null> = {};
  for (const { kind, value, stale } of [...room.readings].sort(byKind)) {
    components[kind] = readingComponent(kind, kind, `${id}_${kind}`);
    state[kind] = stale ? null : stateOf(kind, value);
  }
  if ("motion" in components) state.motion = FLAGS.get(room.motion) ?? null;
  if ("count" in components) state.count = room.count ?? null;
  if (room.occupancy !== undefined) {
    const { state: said } = room.occupancy;
    components.occupancy = occupancyComponent("occupancy", `${id}_occupancy`);
    state.occupancy = FLAGS.get(said && said === "taken") ?? null;
  }
  for (const kind of targetKinds(room)) {
    const key = `target_${kind}`;
    const commandTopic = may === "write" ? topics.command(room.room, kind) : undefined;
    components[key] = targetComponent(kind, { key, id: `${id}_${key}`, commandTopic });
    const value = room.targets.find((one) => one.kind === kind)?.value;
    state[key] = value === undefined ? null : stateOf(kind, value);
  }
  const title = titleOf(room.room);
  const home = [...nodes].sort(byId).find((one) => one.room === room.room && one.api.length > 0);
  const info = { ...infoOf(id, title, "Room", home?.api[0]), suggested_area: title };
  return { id, stateTopic: topics.state("room", room.room), info, components, state };
}

function nodeDevice(
  node: NodeView,
  readings: readonly ReadingView[],
  { topics }: DeviceSettings,
): Device {
  const id = topics.deviceId("node", node.name);
  const key = "connectivity";
  const components: Record<string, Component> = {
    [key]: connectivityComponent(key, `${id}_${key}`),
  };
  const state: Record<string, string | number | null> = {
    [key]: FLAGS.get(node.state === "alive") ?? null,
  };
  const own = readings.filter((one) => one.node === node.id);
  for (const { sensor, kind, room, value, stale } of [...own].sort(bySensor)) {
    const name = sensor.slice(sensor.indexOf("/") + 1);
    const at = `${name}/${kind}/${room}`;
    const component = readingComponent(kind, at, `${id}_${name}_${kind}_${room}`);
    const elsewhere = room === node.room ? "" : `, ${titleOf(room)}`;
    components[at.replaceAll(/[^a-z0-9-]/g, "_")] = {
      ...component,
      name: `${titleOf(name)} ${kind === "co2" ? "CO₂" : kind}${elsewhere}`,
      // Its room has it already; this is for who wants each sensor.
      enabled_by_default: false,
      entity_category: "diagnostic",
    };
    state[at] = stale ? null : stateOf(kind, value);
  }
  const info = {
    ...infoOf(id, node.name, "Node", node.api[0]),
    suggested_area: titleOf(node.room),
  };
  const versioned = { ...info, sw_version: node.version };
  return { id, stateTopic: topics.state("node", node.name), info: versioned, components, state };
}

function peopleDevice(people: readonly PersonView[], { topics }: DeviceSettings): Device {
  const id = topics.deviceId("people", "all");
  const components: Record<string, Component> = {};
  const state: Record<string, string | number | null> = {};
  for (const { person, isIn } of [...people].sort(byPerson)) {
    const key = topics.tag(person);
    components[key] = {
      platform: "device_tracker",
      name: person,
      source_type: "router",
      value_template: valueAt(key),
      unique_id: `${id}_${key}`,
    };
    state[key] = isIn ? "home" : "not_home";
  }
  const info = infoOf(id, "People", "People", undefined);
  return { id, stateTopic: topics.state("people"), info, components, state };
}

function infoOf(
  id: string,
  name: string,
  model: string,
  url: string | undefined,
): Readonly<Record<string, string | readonly string[]>> {
  const base = { identifiers: [id], name, manufacturer: "Watercooler", model };
  return url === undefined ? base : { ...base, configuration_url: url };
}

/** A Pi that was replaced under its name is one device: the one that lives, or did last. */
function byName(nodes: readonly NodeView[]): readonly NodeView[] {
  const chosen = new Map<string, NodeView>();
  for (const node of [...nodes].sort(livingFirst)) {
    if (node.state !== "retired" && !chosen.has(node.name)) chosen.set(node.name, node);
  }
  return [...chosen.values()];
}

function livingFirst(left: NodeView, right: NodeView): number {
  const isLiving = ({ state }: NodeView) => Number(state === "alive");
  return isLiving(right) - isLiving(left) || left.ageMs - right.ageMs || byId(left, right);
}

function byId(left: NodeView, right: NodeView): number {
  return left.id < right.id ? -1 : 1;
}

function byKind(left: ReadingView, right: ReadingView): number {
  return left.kind < right.kind ? -1 : 1;
}

/** Always in one order, whoever speaks, so that nothing is sent again for another order's sake. */
function bySensor(left: ReadingView, right: ReadingView): number {
  const words = ({ sensor, kind, room }: ReadingView) => `${sensor}/${kind}/${room}`;
  return words(left) < words(right) ? -1 : 1;
}

function byPerson(left: PersonView, right: PersonView): number {
  return left.person < right.person ? -1 : 1;
}
