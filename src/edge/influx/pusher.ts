import type { Timers } from "../../../firmware-bridge/src/timers.ts";
import { type Clock, MINUTE_MS, type Millis, SECOND_MS } from "../../base/time.ts";
import type { InfluxSettings } from "../../config/edge-settings.ts";
import type { Counters } from "../../node/counters.ts";
import type { EdgeNotes } from "../../node/edge-notes.ts";
import type { Check, ReadSide } from "../../node/read-side.ts";
import { rendezvous } from "../../office/rendezvous.ts";
import { DELIVERED, type Delivery, pauseMs, REFUSED_MS } from "../delivery.ts";
import { deliveryOf, type HttpReply, reasonOf, request } from "../http.ts";
import type { Outlet } from "../outlet.ts";
import { Readiness } from "../readiness.ts";
import { readSecret } from "../secret.ts";
import { lineOf } from "./line.ts";
import { Fresh } from "./points.ts";

/** How often it is looked what is new, so that of two readings in an interval both are kept. */
const LOOK_MS = SECOND_MS;
/** In one request: InfluxDB's documents advise batches of 5,000; a line has 100 bytes. */
const BATCH_LINES_MAX = 2_000;
/** 2 MB. An office of 50 sensors that report every 10 s fills it in an hour. A guess. */
const WAITING_LINES_MAX = 20_000;
/** A database that is out of reach for so long here is left to another node. A guess. */
const FAILING_MS = MINUTE_MS;
/** A clock that differs by less is as good as the server's: an answer takes its time too. */
const DRIFT_MS_MAX = 5 * SECOND_MS;
/** A token that was refused is tried again, for whoever mends it. A guess. */
const LOGIN_PAUSE_MS = MINUTE_MS;
const TOO_LARGE = 413;
/** What InfluxDB says of lines that it can't read, or whose fields have another type already. */
const BAD_LINES: readonly number[] = [400, 422];
const SAID_LENGTH_MAX = 120;
/** A node stops within 2 s; the last readings have so long to go. */
const STOP_MS_MAX = SECOND_MS;

export interface PusherParts {
  readonly settings: InfluxSettings;
  readonly readSide: Pick<ReadSide, "readings" | "mesh">;
  readonly notes: EdgeNotes;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly counters: Counters;
  readonly env: NodeJS.ProcessEnv;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

/**
 * Pushes all the mesh's readings to a time series database, by one node for all: the first by
 * rendezvous hashing of those that have it configured and can reach it. Each reading is sent once;
 * what can't be sent waits, up to a bound, the newest being kept.
 */
export class Pusher implements Outlet {
  readonly id: string;
  private readonly host: string;
  private readonly readiness: Readiness;
  private fresh: Fresh | undefined;
  private waiting: string[] = [];
  /** What is being sent, or is to be sent again. */
  private batch: string[] = [];
  private batchMax = BATCH_LINES_MAX;
  /** How far the server's clock is before this one's; undefined until it has answered. */
  private aheadMs: Millis | undefined;
  private last: Delivery | undefined;
  private lastMs: Millis = 0;
  private failures = 0;
  /** What no log line is to hold, whatever a server says back. */
  private hidden: readonly string[] = [];
  private failingMs: Millis | undefined;
  private nextMs: Millis = 0;
  private isSending = false;

  constructor(private readonly parts: PusherParts) {
    const { settings, notes, readSide } = parts;
    this.host = new URL(settings.url).host;
    const { into } = settings;
    this.id = notes.idOf("influx", settings.url, into.api === 2 ? into.bucket : into.database);
    const neighbours = () => readSide.mesh().active.length;
    this.readiness = new Readiness({ ...parts, neighbours });
  }

  start(): void {
    this.parts.notes.every(LOOK_MS, () => this.look());
  }

  /** Sends what waits, where that is done soon. */
  async stop(): Promise<void> {
    if (this.isSending || this.left === 0 || this.aheadMs === undefined) return;
    let callOff = () => {};
    const late = new Promise<void>((resolve) => {
      callOff = this.parts.timers.set(STOP_MS_MAX, resolve);
    });
    await Promise.race([this.send(), late]);
    callOff();
  }

  isFailing(): boolean {
    const { last, failingMs } = this;
    if (last === undefined || last.outcome === "delivered" || failingMs === undefined) return false;
    const nowMs = this.now();
    if (nowMs - this.lastMs >= REFUSED_MS) return false;
    return last.outcome === "refused" || nowMs - failingMs >= FAILING_MS;
  }

  check(): Check {
    const name = `influx ${this.host}`;
    const { last } = this;
    if (last !== undefined && last.outcome !== "delivered") {
      const isOld = this.now() - this.lastMs >= REFUSED_MS;
      const detail = `${last.reason}; ${this.left} readings wait`;
      return isOld
        ? { name, state: "ok", detail: `failed last: ${detail}` }
        : { name, state: "degraded", detail: `fails: ${detail}` };
    }
    const detail = this.fresh === undefined ? "left to other nodes" : "pushes for the mesh";
    return { name, state: "ok", detail };
  }

  /** Looks once; the rest goes on by itself. */
  look(): void {
    if (!this.isOurs()) this.fresh = undefined;
    else this.fresh ??= new Fresh();
    if (this.aheadMs !== undefined) this.gather(this.aheadMs);
    // What waited when the task went to another node is sent all the same: it has it not.
    const isNeeded = this.fresh !== undefined || this.left > 0;
    if (isNeeded && !this.isSending && this.now() >= this.nextMs) void this.send();
  }

  private isOurs(): boolean {
    if (!this.readiness.isReady()) return false;
    const { notes } = this.parts;
    const order = rendezvous(this.id, notes.able(this.id), (bytes) => notes.hash(bytes));
    return order[0] === notes.self;
  }

  private get left(): number {
    return this.batch.length + this.waiting.length;
  }

  private gather(aheadMs: Millis): void {
    if (this.fresh === undefined) return;
    const { readSide, clock } = this.parts;
    const points = this.fresh.take(readSide.readings(), clock.wallMs() + aheadMs);
    for (const point of points) this.waiting.push(lineOf(point));
    const over = this.waiting.length - WAITING_LINES_MAX;
    if (over <= 0) return;
    this.waiting.splice(0, over);
    this.count("dropped", over);
  }

  /** One request: the next batch or, before the first, a question for the server's clock. */
  private async send(): Promise<void> {
    this.isSending = true;
    if (this.batch.length === 0) this.batch = this.waiting.splice(0, this.batchMax);
    try {
      if (this.aheadMs === undefined) {
        this.learnClock(await request({ method: "GET", url: `${this.parts.settings.url}/ping` }));
        this.nextMs = this.now();
      } else if (this.batch.length > 0) {
        this.settle(await this.post(this.batch.join("\n")));
      } else {
        this.nextMs = this.now() + this.parts.settings.intervalMs;
      }
    } catch (error) {
      this.fail({ outcome: "later", reason: reasonOf(error) });
    }
    this.isSending = false;
  }

  private async post(body: string): Promise<HttpReply> {
    const { settings, env } = this.parts;
    const { url, into } = settings;
    const secret = settings.secret && readSecret(settings.secret, env);
    if (secret?.ok === false) throw new Error(secret.error);
    const place =
      into.api === 2
        ? { path: "/api/v2/write", query: { bucket: into.bucket, org: into.org } }
        : { path: "/write", query: { db: into.database } };
    const query = new URLSearchParams({ ...place.query, precision: "ms" });
    const authorization = authorizationOf(into.api === 1 ? into.username : "", secret?.value);
    const headers = { "Content-Type": "text/plain; charset=utf-8", ...authorization };
    const login = authorization.Authorization?.split(" ").at(-1);
    this.hidden = [secret?.value, login, new URL(url).pathname].filter(isTelling);
    return request({ method: "POST", url: `${url}${place.path}?${query}`, body, headers });
  }

  /** What a reply means for the batch that was sent. */
  private settle(reply: HttpReply): void {
    this.learnClock(reply);
    const { intervalMs } = this.parts.settings;
    const { length } = this.batch;
    const delivery = deliveryOf(reply);
    if (reply.status === TOO_LARGE && length > 1) {
      this.batchMax = Math.ceil(length / 2);
      this.waiting.unshift(...this.batch);
      this.batch = [];
      this.nextMs = this.now();
      return;
    }
    const isAmiss = BAD_LINES.includes(reply.status);
    if (delivery.outcome !== "delivered" && !isAmiss) {
      return this.fail({ ...delivery, reason: `${delivery.reason}${this.saidIn(reply)}` });
    }
    // Lines that it does not take would never be taken; those beside them were.
    const reason = `HTTP ${reply.status}${this.saidIn(reply)}`;
    if (isAmiss) this.parts.counters.trouble(`${this.host} did not take some readings`, reason);
    this.count(isAmiss ? "refused" : "delivered", length);
    this.last = isAmiss ? { outcome: "later", reason } : DELIVERED;
    this.lastMs = this.now();
    this.batch = [];
    this.failures = 0;
    this.failingMs = undefined;
    // A full batch left some behind, which follow at once.
    this.nextMs = this.now() + (length === this.batchMax ? 0 : intervalMs);
  }

  private fail(delivery: Exclude<Delivery, { outcome: "delivered" }>): void {
    const nowMs = this.now();
    this.last = delivery;
    this.lastMs = nowMs;
    this.failures += 1;
    this.failingMs ??= nowMs;
    const asked = delivery.outcome === "later" ? (delivery.afterMs ?? 0) : LOGIN_PAUSE_MS;
    this.nextMs = nowMs + Math.max(asked, pauseMs(this.failures, this.parts.chance()));
    this.parts.counters.trouble(`pushing to the database ${this.host} failed`, delivery.reason);
  }

  private learnClock({ headers }: HttpReply): void {
    const { clock } = this.parts;
    const aheadMs = Date.parse(headers.date ?? "") - clock.wallMs();
    this.aheadMs = Math.abs(aheadMs) > DRIFT_MS_MAX ? aheadMs : 0;
  }

  /** The beginning of what a server says, for the log, without what it was told in confidence. */
  private saidIn({ body }: HttpReply): string {
    const open = this.hidden.reduce((text, secret) => text.replaceAll(secret, "(hidden)"), body);
    const text = open.replaceAll(/\s+/g, " ").trim().slice(0, SAID_LENGTH_MAX);
    return text === "" ? "" : `: ${text}`;
  }

  private count(outcome: "delivered" | "refused" | "dropped", lines: number): void {
    this.parts.counters.add("watercooler_influx_points_total", outcome, lines);
  }

  private now(): Millis {
    return this.parts.clock.monotonicMs();
  }
}

function authorizationOf(username: string, secret: string | undefined): Record<string, string> {
  if (secret === undefined) return {};
  if (username === "") return { Authorization: `Token ${secret}` };
  const login = Buffer.from(`${username}:${secret}`).toString("base64");
  return { Authorization: `Basic ${login}` };
}

/** What hides something: an empty word or a bare slash would stand everywhere. */
function isTelling(text: string | undefined): text is string {
  return text !== undefined && text.length > 1;
}
