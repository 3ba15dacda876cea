import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { roomTarget } from "./documents.ts";
import { quantity } from "./words.ts";

export interface Targeting extends Asking {
  readonly clear?: true;
}

const WORDS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  false: false,
  no: false,
  off: false,
};

/** Sets a room's target, or clears it. */
export async function target(
  deps: CliDeps,
  at: { readonly room: string; readonly kind: string; readonly value: string | undefined },
  asking: Targeting,
): Promise<void> {
  const { room, kind, value } = at;
  if ((value === undefined) === (asking.clear === undefined)) {
    throw new CliError(EXIT.usage, "give a value, or --clear");
  }
  const client = clientOf(deps, asking);
  const path = `/v1/targets/${encodeURIComponent(room)}/${encodeURIComponent(kind)}`;
  if (value === undefined) {
    await client.send("DELETE", path);
    if (asking.json) return printJson(deps, { room, kind, value: null });
    return deps.stdout(`${room} has no target of ${kind} any more.\n`);
  }
  const wanted = WORDS[value.toLowerCase()] ?? Number(value);
  if (value.trim() === "" || Number.isNaN(wanted)) {
    throw new CliError(EXIT.usage, `"${value}" is no value: give a number, or yes or no`);
  }
  const stored = await client.send("PUT", path, { value: wanted });
  if (asking.json) return printJson(deps, stored);
  const { value: now, unit } = client.checked(path, stored, roomTarget);
  deps.stdout(`${room} is to have a ${kind} of ${quantity(now, unit)}.\n`);
}
