import type { Metric } from "../node/read-side.ts";

/** Counts answers by route and status: both are few, whatever clients ask for. */
export class RequestCounts {
  private readonly counts = new Map<string, { route: string; status: number; count: number }>();

  add(route: string, status: number): void {
    const key = `${status} ${route}`;
    const known = this.counts.get(key);
    if (known === undefined) this.counts.set(key, { route, status, count: 1 });
    else known.count += 1;
  }

  metric(): Metric {
    return {
      name: "watercooler_api_requests_total",
      help: "Answers of the HTTP API.",
      type: "counter",
      samples: [...this.counts.values()].map(({ route, status, count }) => ({
        labels: { route, status: String(status) },
        value: count,
      })),
    };
  }
}
