import { systemTimers } from "../firmware-bridge/src/timers.ts";
import type { Log } from "./base/log.ts";
import { EXIT, type NodeRunOptions } from "./cli/deps.ts";
import type { Config } from "./config/config.ts";
import type { Check } from "./node/read-side.ts";
import { type RunningNode, type RunPorts, startNode, urlsOf } from "./run-node.ts";
import { Reloader } from "./service/reloader.ts";
import type { Service } from "./service/service.ts";
import type { Environment } from "./service/systemd.ts";

/** A peer or a disk that does not let go must not hold up whoever pressed Ctrl-C. A guess. */
const STOP_MS_MAX = 1_500;

/** The API may take this share of the watchdog's span to answer: half of a third. A guess. */
const ANSWER_SHARE = 1 / 6;

export interface ServicePorts extends Omit<RunPorts, "log" | "checks" | "waiting" | "shutOut"> {
  readonly env: Environment;
  logOf(config: Config): Log;
  stdout(text: string): void;
  /** Where a node that does not start says why. */
  fail(reason: string): void;
  /** Calls back when the configuration is to be read again; undefined where that never is. */
  readonly onReload: ((listener: () => void) => void) | undefined;
}

/** Runs a node until it is told to end, through reloads; gives the exit code. */
export async function runService(
  config: Config,
  run: NodeRunOptions,
  ports: ServicePorts,
): Promise<number> {
  const { signal } = ports;
  let failed: number = EXIT.failed;
  const reloader: Reloader<Config, RunningNode> = new Reloader({
    load: run.reload,
    logOf: ports.logOf,
    start: (wanted) =>
      startNode(wanted, {
        ...ports,
        log: ports.logOf(wanted),
        checks: () => configurationCheck(reloader.refusal),
        waiting: (text) => service?.waiting(text),
        // Not started again and again by whoever supervises it.
        shutOut: () => {
          failed = EXIT.notAllowed;
        },
      }),
  });
  const service = await openService(config, reloader, ports);
  const running = keepRunning(config, { run, ports, reloader, service });
  const ended = await Promise.race([running, late(signal, ports.logOf(config))]);
  return ended === "done" ? EXIT.done : failed;
}

/** Settles when a stop takes too long. */
function late(signal: AbortSignal, log: Log): Promise<Ended> {
  return new Promise((resolve) => {
    const soon = () => {
      systemTimers.set(STOP_MS_MAX, () => {
        log.write("warn", "left before all was closed: a peer or a disk does not let go");
        resolve("done");
      });
    };
    if (signal.aborted) soon();
    signal.addEventListener("abort", soon);
  });
}

type Ended = "done" | "failed";

interface Running {
  readonly run: NodeRunOptions;
  readonly ports: ServicePorts;
  readonly reloader: Reloader<Config, RunningNode>;
  readonly service: Service | undefined;
}

async function keepRunning(
  config: Config,
  { run, ports, reloader, service }: Running,
): Promise<Ended> {
  const { signal, logOf, stdout, fail } = ports;
  const next = wishes(ports);
  const begun = await reloader.begin(config);
  if (!begun.ok && signal.aborted) return "done";
  if (!begun.ok) {
    fail(begun.error);
    return "failed";
  }
  const { id, meshAddresses: mesh } = begun.value;
  const { name, room } = config.node;
  const api = urlsOf(begun.value);
  tellReady(begun.value, logOf(config));
  if (run.format === "text" && api[0] !== undefined) stdout(`Dashboard of ${name}: ${api[0]}/\n`);
  run.ready({ id, name, room, api, mesh });
  service?.ready(statusText(reloader));
  for (let wish = await next(); wish === "reload"; wish = await next()) {
    service?.reloading();
    const outcome = await reloader.reload();
    if (outcome === "dead") return "failed";
    const { node, inForce = config } = reloader;
    if (outcome === "in force" && node !== undefined) tellReady(node, logOf(inForce));
    service?.ready(statusText(reloader));
  }
  await Promise.all([service?.stopping(), reloader.stop()]);
  return "done";
}

/** What is wanted next, once it is: reloads that were asked for meanwhile are one. */
function wishes({ signal, onReload }: ServicePorts): () => Promise<"reload" | "end"> {
  let isAsked = false;
  let wake = () => {};
  onReload?.(() => {
    isAsked = true;
    wake();
  });
  signal.addEventListener("abort", () => wake());
  return async () => {
    while (!signal.aborted && !isAsked) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    isAsked = false;
    return signal.aborted ? "end" : "reload";
  };
}

/** Tells systemd, where that runs this process; else nothing of it is loaded. */
async function openService(
  config: Config,
  reloader: Reloader<Config, RunningNode>,
  { env, clock, logOf }: ServicePorts,
): Promise<Service | undefined> {
  if (!env.NOTIFY_SOCKET) return undefined;
  const log = logOf(config);
  const { systemdOf } = await import("./service/systemd.ts");
  const { Service: Opened } = await import("./service/service.ts");
  const { ownDoor, selfCheck } = await import("./service/self-check.ts");
  const supervisor = systemdOf(env, process.pid, { clock, log });
  if (supervisor === undefined) return undefined;
  const answerMsMax = (supervisor.watchdogMs ?? 0) * ANSWER_SHARE;
  return new Opened({
    ...{ supervisor, clock, log, timers: systemTimers },
    monotonicUs: () => process.hrtime.bigint() / 1_000n,
    check: async () => {
      const { node, inForce } = reloader;
      // While it starts or reloads there is nothing to ask but the event loop.
      if (node === undefined || inForce === undefined) return undefined;
      const { storeAskedMs, apiAddresses, httpsAddresses } = node;
      const { listen, https } = inForce.api;
      const plain = ownDoor("http", listen, apiAddresses);
      const doors = [...plain, ...ownDoor("https", https, httpsAddresses)];
      return selfCheck({ clock, storeAskedMs, doors, answerMsMax });
    },
  });
}

function tellReady(node: RunningNode, log: Log): void {
  log.write("info", "ready", { api: urlsOf(node).join(), mesh: node.meshAddresses.join() });
}

/** What `systemctl status` shows. */
function statusText({ node, refusal }: Reloader<Config, RunningNode>): string {
  const api = node === undefined ? undefined : urlsOf(node)[0];
  const serving = api === undefined ? "running, its API is off" : `serving ${api}/`;
  return refusal === undefined ? serving : `${serving}; new configuration refused: ${refusal}`;
}

/** Read over the LAN, so it says where and not what: the log has the line as it is at a start. */
function configurationCheck(refusal: string | undefined): readonly Check[] {
  if (refusal === undefined) return [];
  const [, place = "see the log"] = /^(\S+:\d+): /.exec(refusal) ?? [];
  const detail = `the newest was refused (${place}), the former is in force: mend it and reload`;
  return [{ name: "configuration", state: "degraded", detail }];
}
