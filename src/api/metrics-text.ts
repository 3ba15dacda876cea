import type { Metric, ReadSide } from "../node/read-side.ts";

/** Everything known, in Prometheus's text format 0.0.4. */
export function metricsText(read: ReadSide): string {
  const names = new Map(read.nodes().map(({ id, name }) => [id, name]));
  const { version } = read.self();
  const memory = process.memoryUsage();
  const metrics: Metric[] = [
    {
      name: "watercooler_reading",
      help: "Newest value of a sensor, in the contract's units; booleans are 0 and 1.",
      type: "gauge",
      samples: read.readings().map(({ room, kind, sensor, node, value }) => ({
        labels: { room, kind, sensor, node: names.get(node) ?? node },
        value: Number(value),
      })),
    },
    single("watercooler_build_info", "Which version this is.", 1, { version }),
    single("process_resident_memory_bytes", "Resident memory.", memory.rss),
    single("process_heap_bytes", "JavaScript heap in use.", memory.heapUsed),
    ...read.metrics(),
  ];
  return metrics.map(metricText).join("");
}

function single(name: string, help: string, value: number, labels = {}): Metric {
  return { name, help, type: "gauge", samples: [{ labels, value }] };
}

function metricText({ name, help, type, samples }: Metric): string {
  const lines = samples.map(({ labels, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function escaped(text: string): string {
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}
