import type { Sensor } from "../../firmware-bridge/src/sensor.ts";
import type { NodeView } from "../office/views.ts";
import type { Metric } from "./read-side.ts";
import type { ReaderParts } from "./reader-parts.ts";

/** Counters by name, their label, and what they count. */
const COUNTERS: readonly (readonly [name: string, label: string, help: string])[] = [
  ["watercooler_frames_received_total", "type", "Frames received, by message type."],
  ["watercooler_frames_sent_total", "type", "Frames sent, by message type."],
  ["watercooler_frames_rejected_total", "reason", "Frames that could not be read."],
  ["watercooler_entries_rejected_total", "reason", "Entries that were not let into the state."],
  ["watercooler_connections_refused_total", "reason", "Connections that never became a link."],
  ["watercooler_links_lost_total", "reason", "Links that ended."],
  ["watercooler_dials_failed_total", "reason", "Dials that came to nothing."],
  ["watercooler_announcements_total", "outcome", "Tries to announce something, by outcome."],
  ["watercooler_chat_answers_total", "outcome", "Tries to answer in a chat, by outcome."],
  ["watercooler_mqtt_messages_total", "outcome", "Messages for the MQTT broker, by outcome."],
  ["watercooler_influx_points_total", "outcome", "Points for the database, by outcome."],
];

/** The node's own numbers, names and units as Prometheus's naming guide has them. */
export function nodeMetrics(parts: ReaderParts, nodes: readonly NodeView[]): readonly Metric[] {
  const { counters, overlay, replica, sensors, store, transport } = parts;
  const { active, passive } = overlay.membership.views;
  const { bytes, commits, syncs } = store.state();
  const links = transport.stats();
  const sum = (of: (link: (typeof links)[number]) => number) =>
    links.reduce((total, link) => total + of(link), 0);
  return [
    ...COUNTERS.map(([name, label, help]) => counters.metric(name, label, help)),
    gauge("watercooler_peers", "Peers in a view.", [
      [{ view: "active" }, active.size],
      [{ view: "passive" }, passive.size],
    ]),
    gauge("watercooler_nodes", "Nodes that the mesh knows, by state.", [
      [{ state: "alive" }, nodes.filter(({ state }) => state === "alive").length],
      [{ state: "silent" }, nodes.filter(({ state }) => state === "silent").length],
    ]),
    ...sensorMetrics(sensors),
    gauge("watercooler_entries", "Entries of the replicated state.", [[{}, replica.size()]]),
    gauge("watercooler_store_bytes", "Size of the store's files.", [[{}, bytes]]),
    count("watercooler_store_commits_total", "Commits of the store.", commits),
    count("watercooler_store_syncs_total", "Commits that waited for the disk.", syncs),
    gauge("watercooler_link_bytes", "Bytes over the links now open.", [
      [{ direction: "in" }, sum(({ bytesIn }) => bytesIn)],
      [{ direction: "out" }, sum(({ bytesOut }) => bytesOut)],
    ]),
  ];
}

/** How the node's own sensors do. */
function sensorMetrics(sensors: readonly Sensor[]): readonly Metric[] {
  const refused = sensors.flatMap((sensor) =>
    [...(sensor.refusedReadings?.() ?? [])].map(([reason, value]) => ({
      labels: { sensor: sensor.name, reason },
      value,
    })),
  );
  return [
    gauge(
      "watercooler_sensor_up",
      "1 for each sensor of this node that is well, 0 for one that fails.",
      sensors.map((sensor) => [
        { sensor: sensor.name, platform: sensor.platform },
        sensor.health().state === "failing" ? 0 : 1,
      ]),
    ),
    {
      name: "watercooler_sensor_refused_total",
      help: "Values of this node's sensors that could not be true, by reason.",
      type: "counter",
      samples: refused,
    },
  ];
}

function gauge(
  name: string,
  help: string,
  samples: readonly (readonly [Readonly<Record<string, string>>, number])[],
): Metric {
  return {
    name,
    help,
    type: "gauge",
    samples: samples.map(([labels, value]) => ({ labels, value })),
  };
}

function count(name: string, help: string, value: number): Metric {
  return { name, help, type: "counter", samples: [{ labels: {}, value }] };
}
