import { readdirSync } from "node:fs";
import type { Metric } from "../node/read-side.ts";

const MICROSECONDS = 1e6;

/** What Prometheus users expect of any process, under the names that all exporters share. */
export function processMetrics(): readonly Metric[] {
  const { user, system } = process.cpuUsage();
  const memory = process.memoryUsage();
  return [
    metric(
      "process_cpu_seconds_total",
      "counter",
      "CPU time used.",
      (user + system) / MICROSECONDS,
    ),
    metric("process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss),
    metric("nodejs_heap_size_used_bytes", "gauge", "JavaScript heap in use.", memory.heapUsed),
    metric("nodejs_external_memory_bytes", "gauge", "Memory outside the heap.", memory.external),
    metric("process_uptime_seconds", "gauge", "Time since the start.", process.uptime()),
    ...openFiles(),
  ];
}

function openFiles(): readonly Metric[] {
  try {
    const count = readdirSync("/proc/self/fd").length;
    return [metric("process_open_fds", "gauge", "Open file descriptors.", count)];
  } catch {
    return [];
  }
}

function metric(name: string, type: Metric["type"], help: string, value: number): Metric {
  return { name, help, type, samples: [{ labels: {}, value }] };
}
