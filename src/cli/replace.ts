import * as v from "valibot";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { plain } from "./words.ts";

export interface Replacing extends Asking {
  readonly force?: true;
  readonly cancel?: true;
}

const known = v.object({ name: v.string(), kinds: v.array(v.string()), every_s: v.number() });
const replacement = v.object({
  name: v.string(),
  room: v.string(),
  fingerprint: v.string(),
  state: v.picklist(["waiting", "done", "lost"]),
  sensors: v.array(known),
});
const self = v.object({ sensors: v.array(v.object({ name: v.string() })) });

type Replacement = v.InferOutput<typeof replacement>;

/** Takes the place of a node that died: its name, room, calibration, targets and history. */
export async function replace(deps: CliDeps, old: string, options: Replacing): Promise<void> {
  const client = clientOf(deps, options);
  const path = `/v1/replacements/${encodeURIComponent(old)}`;
  if (options.cancel) {
    if (options.force) throw new CliError(EXIT.usage, "give --force or --cancel, not both");
    await client.send("DELETE", path);
    if (options.json) return printJson(deps, { node: old, state: "cancelled" });
    return deps.stdout(`This node asks for the place of ${plain(old)} no more.\n`);
  }
  const document = await client.send("PUT", path, { force: options.force === true });
  if (options.json) return printJson(deps, document);
  const told = client.checked(path, document, replacement);
  deps.stdout(stateText(told));
  const own = await client.get("/v1/node", self);
  const names = new Set(own.sensors.map(({ name }) => name));
  const missing = told.sensors.filter(({ name }) => !names.has(name));
  if (told.state !== "lost" && missing.length > 0) deps.stdout(sensorsText(told, missing));
}

function stateText({ name, room, state, fingerprint }: Replacement): string {
  const place = `the place of ${plain(name)}`;
  if (state === "lost") return `Another node has ${place}: see "watercooler status".\n`;
  if (state === "waiting") {
    const next = `  watercooler admit ${plain(fingerprint)}`;
    return `This node asks for ${place}. Somebody has to agree, on a node that may:\n${next}\n`;
  }
  const more = "calibration, targets, people and history";
  return `This node has ${place} now: its name, its room ${plain(room)}, ${more}.\n`;
}

/** What the mesh knows of the old node's sensors, to be pasted into the new one's configuration. */
function sensorsText(
  { name, room }: Replacement,
  sensors: readonly v.InferOutput<typeof known>[],
): string {
  const head = "How its sensors were wired stood in its own watercooler.yaml alone. What the mesh";
  const lines = [
    "",
    `${head} knows,`,
    "to be checked and pasted into this node's:",
    "",
    "node:",
    `  name: ${plain(name)}`,
    `  room: ${plain(room)}`,
    "sensors:",
    ...sensors.flatMap((sensor) => [
      `  - name: ${plain(sensor.name)}`,
      `    platform: ${platformFor(sensor.kinds)}  # a guess: it gave ${sensor.kinds.join(", ")}`,
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The platforms that give just these kinds; of several the commonest. */
const PLATFORMS: readonly (readonly [platform: string, kinds: string])[] = [
  ["bme280", "humidity,pressure,temperature"],
  ["scd4x", "co2,humidity,temperature"],
  ["sht3x", "humidity,temperature"],
  ["w1", "temperature"],
  ["bh1750", "light"],
  ["gpio", "motion"],
  ["gpio", "contact"],
  ["ads1115", "voltage"],
];

function platformFor(kinds: readonly string[]): string {
  const given = [...kinds].sort().join();
  return PLATFORMS.find(([, fits]) => fits === given)?.[0] ?? "push";
}
