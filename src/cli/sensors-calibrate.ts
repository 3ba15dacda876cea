import * as v from "valibot";
import { calibrationOf, spreadOf } from "../doctor/calibration.ts";
import { type Asking, clientOf } from "./asking.ts";
import type { NodeClient } from "./client.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { plain, quantity } from "./words.ts";

/** Between two looks. A guess: sensors are read every 10 s as they come. */
const LOOK_MS = 2_000;
/** A room does not move by more in half a minute: the sensor does. Guesses. */
const SPREAD_MAX: Readonly<Record<string, number>> = { temperature: 0.5, humidity: 3, co2: 100 };

export interface Calibrating extends Asking {
  readonly reference: number;
  readonly kind: string;
  /** How long to look, in seconds. */
  readonly for: number;
  /** Let the node keep the offset, and the mesh with it. */
  readonly save?: true;
}

const valuesDocument = v.object({
  sensors: v.array(
    v.object({
      name: v.string(),
      values: v.optional(
        v.array(
          v.object({
            sensor: v.string(),
            kind: v.string(),
            unit: v.string(),
            raw: v.union([v.number(), v.boolean()]),
          }),
        ),
        [],
      ),
    }),
  ),
});

/** `sensors calibrate`: the offset that makes a sensor agree with a reference beside it. */
export async function sensorsCalibrate(
  deps: CliDeps,
  sensor: string,
  options: Calibrating,
): Promise<void> {
  const { kind, reference, json } = options;
  const { raws, unit, humidity } = await listen(deps, sensor, options);
  const spread = spreadOf(raws);
  if (spread > (SPREAD_MAX[kind] ?? Infinity)) {
    const says = `${sensor} moved by ${quantity(spread, unit)}: leave it alone for an hour first`;
    throw new CliError(EXIT.failed, says);
  }
  if (options.save) return save(deps, sensor, options, raws);
  const found = calibrationOf(raws, reference, humidity);
  const line = `${kind}: { filters: [ { offset: ${found.offset} } ] }`;
  if (json) return printJson(deps, { sensor, kind, unit, reference, raws, ...found, yaml: line });
  const last = quantity(raws.at(-1) ?? 0, unit);
  const print = (text: string) => deps.stdout(`${plain(text)}\n`);
  print(`${sensor} measures ${last}, the reference says ${quantity(reference, unit)}.`);
  if (found.humidity !== undefined && humidity !== undefined) {
    const [was, is] = [quantity(humidity, "percent"), quantity(found.humidity, "percent")];
    print(`Its humidity, ${was} at the wrong temperature, will be told as ${is}.`);
  }
  deps.stdout("\nUnder the sensor in watercooler.yaml, before its other filters:\n\n");
  print(`    ${line}`);
  deps.stdout("\nOr add --save, and the node keeps it.\n");
}

const savedDocument = v.object({ sensor: v.string(), kind: v.string(), offset: v.number() });

/** The node works the offset out: it knows which filters come after it. */
async function save(
  deps: CliDeps,
  sensor: string,
  options: Calibrating,
  raws: readonly number[],
): Promise<void> {
  const { kind, reference } = options;
  const raw = raws.reduce((sum, one) => sum + one, 0) / raws.length;
  const path = `/v1/sensors/${encodeURIComponent(sensor)}/calibration`;
  const body = { kind, raw, reference };
  const saved = await clientOf(deps, options).post(path, body, savedDocument);
  if (options.json) return printJson(deps, saved);
  const to = `${saved.offset} is now added to the ${saved.kind} of ${saved.sensor}`;
  deps.stdout(`${plain(to)}; a Pi of this name with a new card has it again.\n`);
}

/** Raw values over the time asked for, and the humidity that came with the last. */
async function listen(deps: CliDeps, sensor: string, options: Calibrating) {
  const client = clientOf(deps, options);
  const raws: number[] = [];
  const endMs = performance.now() + options.for * 1_000;
  for (;;) {
    const values = await valuesOf(client, sensor);
    const one = values.find(({ kind }) => kind === options.kind);
    if (one === undefined || typeof one.raw !== "number") {
      const kinds = values.map(({ kind }) => kind).join(", ") || "nothing yet";
      throw new CliError(EXIT.failed, `${sensor} gives no ${options.kind}: it gives ${kinds}`);
    }
    raws.push(one.raw);
    if (performance.now() >= endMs) {
      const beside = values.find(({ kind }) => kind === "humidity")?.raw;
      const isMended = options.kind === "temperature" && typeof beside === "number";
      return { raws, unit: one.unit, humidity: isMended ? beside : undefined };
    }
    await rest(deps.signal);
  }
}

async function valuesOf(client: NodeClient, sensor: string) {
  const { sensors } = await client.get("/v1/node", valuesDocument);
  const values = sensors.flatMap((one) => one.values.filter((value) => value.sensor === sensor));
  if (values.length > 0 || sensors.some(({ name }) => name === sensor)) return values;
  const names = sensors.map(({ name }) => name).join(", ") || "no sensor";
  throw new CliError(EXIT.failed, `no sensor ${sensor} on this node: it has ${names}`);
}

function rest(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(new CliError(EXIT.failed, "interrupted"));
    if (signal.aborted) return stop();
    signal.addEventListener("abort", stop, { once: true });
    setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, LOOK_MS);
  });
}
