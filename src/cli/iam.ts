import { personKey } from "../base/person-name.ts";
import { type Asking, clientOf } from "./asking.ts";
import { type CliDeps, CliError, EXIT, printJson } from "./deps.ts";
import { type PersonDocument, personDocuments } from "./documents.ts";
import { plain } from "./words.ts";

export interface Identifying extends Asking {
  readonly forget?: string;
}

/** Ties a device to a person, or unties it from whoever has it. */
export async function iam(
  deps: CliDeps,
  { name, mac }: { readonly name: string | undefined; readonly mac: string | undefined },
  asking: Identifying,
): Promise<void> {
  if (asking.forget !== undefined) {
    if (name !== undefined) throw new CliError(EXIT.usage, "give a name and a MAC, or --forget");
    return forget(deps, asking.forget, asking);
  }
  if (name === undefined || mac === undefined) {
    throw new CliError(EXIT.usage, "give a name and a MAC, or --forget MAC");
  }
  const client = clientOf(deps, asking);
  await client.send("PUT", pathOf(name, mac));
  const people = await client.get("/v1/people", personDocuments);
  const device = deviceOf(people, mac).find((one) => personKey(one.person) === personKey(name));
  const person = device?.person ?? name.trim();
  const others = device?.conflict ?? [];
  if (asking.json) {
    return printJson(deps, { person, mac: canonical(mac), conflict: others });
  }
  deps.stdout(`${canonical(mac)} is ${plain(person)}'s now.\n`);
  if (others.length > 0) {
    const names = plain(others.join(", "));
    deps.stdout(`${names} has it too: if that is wrong, untie it with iam --forget.\n`);
  }
  if (isPrivate(mac)) deps.stdout(PRIVATE_SAYS);
}

const PRIVATE_SAYS =
  "It is a private address, which the device may change: switch that off for the office's Wi-Fi\n" +
  "in the device's Wi-Fi settings, or tie it again when it has changed.\n";

async function forget(deps: CliDeps, mac: string, asking: Asking): Promise<void> {
  const client = clientOf(deps, asking);
  const owners = deviceOf(await client.get("/v1/people", personDocuments), mac);
  if (owners.length === 0) {
    throw new CliError(EXIT.failed, `nobody has ${plain(mac)}: "watercooler who" lists all`);
  }
  for (const { person } of owners) await client.send("DELETE", pathOf(person, mac));
  const people = owners.map(({ person }) => person);
  if (asking.json) return printJson(deps, { mac: canonical(mac), forgotten: people });
  deps.stdout(`${canonical(mac)} is nobody's now; every node forgets that it was.\n`);
}

function deviceOf(people: readonly PersonDocument[], mac: string) {
  return people.flatMap(({ person, devices }) =>
    devices
      .filter((device) => device.mac === canonical(mac))
      .map(({ conflict }) => ({ person, conflict })),
  );
}

function pathOf(person: string, mac: string): string {
  return `/v1/people/${encodeURIComponent(person)}/devices/${encodeURIComponent(mac)}`;
}

function canonical(mac: string): string {
  return mac.toLowerCase().replaceAll("-", ":");
}

/** An address that the device made up has this bit of its first byte set (IEEE 802). */
function isPrivate(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 2) !== 0;
}
