import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Log } from "../base/log.ts";
import { err } from "../base/result.ts";
import { type Clock, MINUTE_MS, type Millis } from "../base/time.ts";
import type { Metric, ReadSide } from "../node/read-side.ts";
import type { Sha256 } from "../ucan/ipld.ts";
import type { AddressLimits } from "./address-limits.ts";
import { Admission, crossSite } from "./admission.ts";
import { type Answer, json, send, sendRaw } from "./answer.ts";
import { discard } from "./body.ts";
import { isCrossSite, isOwnHost, schemeOf } from "./door.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import type { Live } from "./live.ts";
import { isMeshPage, pagePolicy } from "./mesh-pages.ts";
import { METRICS_TYPE, metricsText, readingMetrics } from "./metrics.ts";
import { openApi } from "./openapi.ts";
import type { OwnNames } from "./own-names.ts";
import { problem } from "./problems.ts";
import { processMetrics } from "./process-figures.ts";
import { RequestCounts } from "./request-counts.ts";
import { createRouter, type Route, type Router } from "./router.ts";
import { dataRoutes } from "./routes.ts";
import type { SpaceSettings } from "./space.ts";
import { type StaticFiles, staticAnswer } from "./static-files.ts";

const LIVE_PATH = "/v1/live";

export interface DeskOptions {
  readonly hosts: readonly string[];
  readonly read: "lan" | "capability";
  readonly log: Log;
  readonly readSide: ReadSide;
  readonly clock: Clock;
  readonly ownNames: () => OwnNames;
  readonly live: Live;
  readonly files: StaticFiles;
  readonly limits: AddressLimits;
  readonly doorkeeper: Doorkeeper | undefined;
  readonly sha256: Sha256 | undefined;
  readonly space?: SpaceSettings | undefined;
}

/** Takes each request through the door to its route, and sends what comes back. */
export class Desk {
  private readonly router: Router;
  private readonly admission: Admission;
  private readonly counts = new RequestCounts();
  private failures = 0;
  private failureSaidMs: Millis = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: DeskOptions) {
    const routes: Route[] = [
      ...dataRoutes(options.readSide, () => options.clock.wallMs(), options.space),
      ...this.ownRoutes(),
    ];
    const description = () => openApi(routes, options.readSide.self().version);
    routes.push(descriptionRoute(description));
    this.router = createRouter(routes);
    this.admission = new Admission(options);
  }

  /** `"asked"`: the client waits for a go-ahead before it sends its body. */
  async answer(
    incoming: IncomingMessage,
    response: ServerResponse,
    goAhead: "asked" | "none" = "none",
  ): Promise<void> {
    incoming.on("error", () => {});
    response.on("error", () => {});
    const target = targetOf(incoming);
    const refused = this.refusal(incoming) ?? (target === undefined ? notAPath() : undefined);
    let route = "none";
    let answer = refused;
    if (answer === undefined && target !== undefined) {
      const { pathname, query } = target;
      const match = this.router(incoming.method ?? "", pathname);
      if (match.found === "route") {
        route = match.route.path;
        const { params } = match;
        const toldMore = once(() => {
          if (goAhead === "asked") response.writeContinue();
        });
        const admitted = await this.admission.admit(match.route, params, incoming, toldMore);
        if (!admitted.ok) answer = admitted.error;
        else {
          toldMore();
          const { audience } = admitted.value;
          answer = await this.handled(match.route, { params, query, incoming, audience });
        }
      } else answer = this.file(incoming, pathname, match.found === "path" ? match.allow : []);
    }
    answer ??= problem(404, "there is nothing here; GET /openapi.json tells what there is");
    this.counts.add(route, answer.status);
    if (!incoming.complete) discard(incoming);
    if (!response.destroyed) send(incoming, response, answer);
  }

  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const refused = this.upgradeRefusal(incoming);
    const admitted = refused === undefined ? this.admission.reader(incoming, "open") : err(refused);
    this.counts.add(admitted.ok ? LIVE_PATH : "none", admitted.ok ? 101 : admitted.error.status);
    if (!admitted.ok) {
      sendRaw(socket, admitted.error);
      return;
    }
    // The live socket has its own pings; the server's idle limit is for answers.
    (socket as Socket).setTimeout(0);
    this.options.live.upgrade(incoming, socket, head, admitted.value);
  }

  private upgradeRefusal(incoming: IncomingMessage): Answer | undefined {
    const refused = this.refusal(incoming);
    if (refused !== undefined) return refused;
    const pathname = targetOf(incoming)?.pathname;
    if (incoming.headers.upgrade?.toLowerCase() !== "websocket") {
      return problem(400, "this node speaks HTTP/1.1 and WebSocket; ask without Upgrade");
    }
    if (pathname !== LIVE_PATH) return problem(404, `the WebSocket is at ${LIVE_PATH}`);
    const isCross = isCrossSite(incoming.headers, schemeOf(incoming));
    if (isCross && !isMeshPage(incoming.headers, this.options.readSide.nodes())) return crossSite();
    if (!this.options.live.full) return undefined;
    return problem(503, "too many live readers: close one or try later", { "Retry-After": "30" });
  }

  /** What holds before any route: the caller's share, the protocol and the Host. */
  private refusal({ httpVersion, headersDistinct, socket }: IncomingMessage): Answer | undefined {
    if (!this.options.limits.asked(socket.remoteAddress)) {
      return problem(429, "too many requests from this address: ask less often", {
        "Retry-After": "1",
      });
    }
    if (httpVersion !== "1.1") return problem(505, "speak HTTP/1.1", { Connection: "close" });
    const hosts = headersDistinct.host ?? [];
    const [host = ""] = hosts;
    if (hosts.length !== 1) return problem(400, "send one Host header", { Connection: "close" });
    if (isOwnHost(host, this.options.ownNames(), this.options.hosts)) return undefined;
    return problem(
      421,
      "this node is not called so: ask by its address or add the name to api.hosts",
    );
  }

  private async handled(route: Route, asked: Parameters<Route["handle"]>[0]): Promise<Answer> {
    try {
      return await route.handle(asked);
    } catch (error) {
      this.failed(route, error);
      return problem(500, "the node failed to answer; its log says why");
    }
  }

  private failed(route: Route, error: unknown): void {
    this.failures += 1;
    const nowMs = this.options.clock.monotonicMs();
    if (nowMs - this.failureSaidMs < MINUTE_MS) return;
    this.options.log.write("error", `${route.method} ${route.path} failed`, {
      error: error instanceof Error ? error.message : String(error),
      times: this.failures,
    });
    this.failures = 0;
    this.failureSaidMs = nowMs;
  }

  private file(
    { method, headers }: IncomingMessage,
    path: string,
    allow: readonly string[],
  ): Answer | undefined {
    const found = staticAnswer(this.options.files, path, headers);
    if (found !== undefined && (method === "GET" || method === "HEAD")) {
      if (path !== "/") return found;
      const policy = pagePolicy(this.options.readSide.nodes());
      return { ...found, headers: { ...found.headers, "Content-Security-Policy": policy } };
    }
    const allowed = found === undefined ? allow : ["GET", "HEAD"];
    if (allowed.length > 0) {
      const text = allowed.join(", ");
      return problem(405, `this takes ${text}`, { Allow: text });
    }
    if (path !== "/" && path !== "/docs") return undefined;
    return problem(404, "the dashboard is not built: run npm run build, or ask under /v1");
  }

  private ownRoutes(): readonly Route[] {
    return [
      {
        method: "GET",
        path: LIVE_PATH,
        access: "open",
        summary: "WebSocket: first a LiveSnapshot, then a LiveChange for whatever changes",
        answers: {
          101: { says: "The WebSocket is open." },
          403: { says: "Another site's page asked a browser for this.", schema: "Problem" },
          426: { says: "Not asked as a WebSocket.", schema: "Problem" },
          503: { says: "Too many readers.", schema: "Problem" },
        },
        handle: () => problem(426, "open this as a WebSocket", { Upgrade: "websocket" }),
      },
      {
        method: "GET",
        path: "/metrics",
        access: "open",
        summary: "Everything known, for Prometheus",
        query: {
          scope:
            "own: of the readings only this node's, where each node is scraped. Default: mesh.",
        },
        answers: {
          200: { says: "Text format 0.0.4.", type: "text/plain" },
          400: { says: "No such scope.", schema: "Problem" },
        },
        handle: ({ query }) => {
          const scope = query.get("scope") || "mesh";
          if (scope !== "own" && scope !== "mesh") return problem(400, "scope is own or mesh");
          return this.metrics(scope);
        },
      },
    ];
  }

  private metrics(scope: "own" | "mesh"): Answer {
    const { readSide, live, limits } = this.options;
    const { id, version } = readSide.self();
    const readings = readSide.readings().filter(({ node }) => scope === "mesh" || node === id);
    const metrics: readonly Metric[] = [
      ...readingMetrics(readings),
      ...readSide.metrics(),
      this.counts.metric(),
      {
        name: "watercooler_api_refused_total",
        help: "Connections and requests of addresses that had their share.",
        type: "counter",
        samples: Object.entries(limits.refused).map(([what, value]) => ({
          labels: { what },
          value,
        })),
      },
      {
        name: "watercooler_api_live_sockets",
        help: "Readers of the live socket.",
        type: "gauge",
        samples: [{ labels: {}, value: live.count }],
      },
      {
        name: "watercooler_build_info",
        help: "Which version this is.",
        type: "gauge",
        samples: [{ labels: { version }, value: 1 }],
      },
      ...processMetrics(),
    ];
    const headers = { "Content-Type": METRICS_TYPE, "Cache-Control": "no-store" };
    return { status: 200, headers, body: metricsText(metrics) };
  }
}

function descriptionRoute(description: () => object): Route {
  return {
    method: "GET",
    path: "/openapi.json",
    access: "open",
    summary: "This description",
    answers: { 200: { says: "An OpenAPI 3.1 document.", schema: "Description" } },
    handle: () => json(description()),
  };
}

/** The path and query asked for; undefined where the target is no path, such as a proxy's URL. */
function targetOf({ url = "" }: IncomingMessage) {
  if (!url.startsWith("/")) return undefined;
  const [pathname = "", ...rest] = url.split("?");
  return { pathname, query: new URLSearchParams(rest.join("?")) };
}

function notAPath(): Answer {
  return problem(400, "ask for a path, such as /v1/rooms");
}

/** Calls a function the first time only. */
function once(call: () => void): () => void {
  let called = false;
  return () => {
    if (!called) call();
    called = true;
  };
}
