import { SECOND_MS } from "../base/time.ts";
import type { Metric } from "../node/read-side.ts";
import type { ReadingView } from "../office/views.ts";

/** Prometheus' text format, version 0.0.4. */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Every reading that is known, as metrics: the value, its age, and which are made up. */
export function readingMetrics(readings: readonly ReadingView[]): readonly Metric[] {
  const gauge = (name: string, help: string, of: (reading: ReadingView) => number): Metric => ({
    name,
    help,
    type: "gauge",
    samples: readings.map((reading) => ({ labels: labelsOf(reading), value: of(reading) })),
  });
  const simulated = readings.filter((reading) => reading.simulated);
  return [
    gauge(
      "watercooler_reading",
      "The newest reading of each sensor in the mesh, in its kind's unit.",
      ({ value }) => Number(value),
    ),
    gauge(
      "watercooler_reading_age_seconds",
      "How long ago it was taken, by this node's clock.",
      ({ ageMs }) => ageMs / SECOND_MS,
    ),
    {
      name: "watercooler_reading_simulated",
      help: "1 for each reading that the simulated platform made up.",
      type: "gauge",
      samples: simulated.map((reading) => ({ labels: labelsOf(reading), value: 1 })),
    },
  ];
}

/** Metrics as Prometheus reads them. Of two metrics with one name the first is told. */
export function metricsText(metrics: readonly Metric[]): string {
  const told = new Set<string>();
  const lines: string[] = [];
  for (const { name, help, type, samples } of metrics) {
    if (told.has(name) || samples.length === 0) continue;
    told.add(name);
    lines.push(`# HELP ${name} ${help.replace(/\\/g, "\\\\").replace(/\n/g, "\\n")}`);
    lines.push(`# TYPE ${name} ${type}`);
    for (const { labels, value } of samples) {
      lines.push(`${name}${labelText(labels)} ${numberText(value)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function labelsOf({ room, kind, sensor, node }: ReadingView): Record<string, string> {
  return { room, kind, sensor, node };
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
