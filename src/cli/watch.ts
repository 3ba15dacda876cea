import * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, EXIT } from "./deps.ts";
import { type LiveMessage, liveMessage, type PersonDocument } from "./documents.ts";
import { readLive } from "./live.ts";
import { type Trend, trendOf } from "./trend.ts";
import { plain, quantity, shortId } from "./words.ts";

/** First pause before trying again; each next one doubles, up to the last. Guesses. */
const RETRY_MS_FIRST = 500;
const RETRY_MS_LAST = 15_000;

export interface Watching extends Asking {
  readonly room?: string;
}

/** Prints changes as they arrive, until Ctrl-C; goes on when a node that was away is back. */
export async function watch(deps: CliDeps, watching: Watching): Promise<void> {
  const client = clientOf(deps, watching);
  // A node that is not there from the start is a mistake, not a pause.
  await client.raw("/v1/node");
  const ca = await client.authority();
  const printer = watching.json ? jsonPrinter(deps, watching) : textPrinter(deps, watching);
  let pauseMs = RETRY_MS_FIRST;
  while (!deps.signal.aborted) {
    const heard = (text: string) => {
      pauseMs = RETRY_MS_FIRST;
      printer(text);
    };
    const authorization = await client.authorization("GET", "/v1/live");
    const given = { ...(authorization && { authorization }), ...(ca && { ca }) };
    const ended = await readLive(client.base, deps.signal, heard, given);
    if (deps.signal.aborted) return;
    if (ended !== undefined && ended.code !== EXIT.unreachable) throw ended;
    deps.stderr("watercooler: the node went away; trying again\n");
    await pause(pauseMs, deps.signal);
    pauseMs = Math.min(RETRY_MS_LAST, pauseMs * 2);
  }
}

/** A line for each message that has something in it, as the node sent it, less other rooms. */
function jsonPrinter(deps: CliDeps, { room }: Watching): (text: string) => void {
  return (text) => {
    const message = parse(text) as Record<string, unknown> | undefined;
    if (message === undefined) return;
    const isEmpty = Object.keys(message).length <= 1;
    if (room === undefined) {
      if (!isEmpty) deps.stdout(`${JSON.stringify(message)}\n`);
      return;
    }
    const all = Array.isArray(message.rooms) ? (message.rooms as { room?: unknown }[]) : [];
    const rooms = all.filter((one) => one.room === room);
    const { type } = message;
    if (rooms.length > 0) deps.stdout(`${JSON.stringify({ type, rooms })}\n`);
  };
}

/** A line a change. What was shown before is not shown again, also after a new connection. */
function textPrinter(deps: CliDeps, { room }: Watching): (text: string) => void {
  const shown = new Map<string, string>();
  const tell = (key: string, state: string, line: string) => {
    if (shown.get(key) === state) return;
    shown.set(key, state);
    deps.stdout(`${plain(line)}\n`);
  };
  let isFirst = true;
  const trend = trendOf(deps);
  return (text) => {
    const parsed = v.safeParse(liveMessage, parse(text));
    if (!parsed.success) return;
    tellRooms(parsed.output, room, tell, trend);
    if (room === undefined) tellOthers(parsed.output, shown, isFirst ? () => {} : tell);
    if (isFirst) remember(parsed.output, shown);
    isFirst = false;
  };
}

type Tell = (key: string, state: string, line: string) => void;
/** As wide as the time of a reading. */
const NO_TIME = " ".repeat("00:00:00Z".length);

function tellRooms(
  { rooms }: LiveMessage,
  only: string | undefined,
  tell: Tell,
  trend: Trend,
): void {
  for (const { room, readings } of rooms) {
    if (only !== undefined && room !== only) continue;
    for (const [kind, { value, unit, sensor, at, stale, simulated }] of Object.entries(readings)) {
      const said = [quantity(value, unit), stale ? "stale" : "", simulated ? "simulated" : ""];
      const state = said.filter((word) => word !== "").join("  ");
      const key = `${room} ${kind}`;
      const words = [`${at.slice(11, 19)}Z`, room, kind, state, sensor, trend(key, at, value)];
      tell(key, state, words.filter((word) => word !== "").join("  "));
    }
  }
}

function tellOthers(message: LiveMessage, shown: Map<string, string>, tell: Tell): void {
  for (const { id, name, state } of message.nodes) {
    tell(id, state, `${NO_TIME}  node ${name} is ${state}`);
  }
  for (const { mac, ip } of message.network) tell(mac, ip, `${NO_TIME}  device ${mac} has ${ip}`);
  for (const one of message.people) {
    const news = newsOf(one, shown.get(keyOf(one)));
    if (news === undefined) shown.set(keyOf(one), stateOf(one));
    else tell(keyOf(one), stateOf(one), `${NO_TIME}  ${one.person} ${news}`);
  }
  const { nodes, network } = message.gone;
  for (const id of nodes) tell(id, "gone", `${NO_TIME}  node ${shortId(id)} is forgotten`);
  for (const mac of network) {
    if (shown.has(mac)) tell(mac, "gone", `${NO_TIME}  device ${mac} is gone`);
  }
}

/** The first message says what is; only what differs from it later is a change. */
function remember({ nodes, network, people }: LiveMessage, shown: Map<string, string>): void {
  for (const one of people) shown.set(keyOf(one), stateOf(one));
  for (const { id, state } of nodes) shown.set(id, state);
  for (const { mac, ip } of network) shown.set(mac, ip);
}

/** A person may be called as a node or a device is. */
function keyOf({ person }: PersonDocument): string {
  return `person ${person}`;
}

/** What there is to say of somebody; who took their name back is not named once more. */
function newsOf({ in: isIn, room }: PersonDocument, before: string | undefined) {
  if (!isIn) return before?.startsWith("in") ? "left" : undefined;
  const where = room === "" ? "" : ` in ${room}`;
  if (!before?.startsWith("in")) return `arrived${where}`;
  return room === "" ? undefined : `is${where} now`;
}

function stateOf({ in: isIn, room }: PersonDocument): string {
  return isIn ? `in ${room}` : "away";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function pause(spanMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, spanMs);
    signal.addEventListener("abort", done);
  });
}
