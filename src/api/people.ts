import type { ReadSide } from "../node/read-side.ts";
import { isPrivateMac, parseMac } from "../office/network.ts";
import { type Answer, json, nothing } from "./answer.ts";
import { personDocument } from "./documents.ts";
import { canonicalAddress, isLoopback } from "./door.ts";
import { problem } from "./problems.ts";
import type { Asked, Route } from "./router.ts";
import type { CallerDocument } from "./types.ts";

const DEVICE_PATH = "/v1/people/{person}/devices/{mac}";
/** Letters of any script, then also spaces and what names have between them. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{M}\p{N} ._'-]*$/u;
/** As much as a claim may hold. */
const NAME_BYTES_MAX = 64;

const refusals = {
  400: { says: "No such name or MAC; `detail` says which.", schema: "Problem" },
  409: { says: "Another node runs under this one's identity.", schema: "Problem" },
  507: { says: "The node has no room for it.", schema: "Problem" },
} as const;

/** Who is in, and whose devices are whose. */
export function peopleRoutes({ people }: ReadSide): readonly Route[] {
  if (people === undefined) return [];
  const change = (params: Asked["params"], how: "register" | "unregister"): Answer => {
    const named = namedIn(params);
    if ("status" in named) return named;
    const done = people[how](named.person, named.mac);
    return done.ok ? nothing() : problem(done.error.status, done.error.detail);
  };
  return [
    {
      method: "GET",
      path: "/v1/people",
      access: "people",
      summary: "Everybody who tied a device to their name, and who of them is in",
      answers: { 200: { says: "The people.", schema: "[Person]" } },
      handle: () => json(people.list().map(personDocument)),
    },
    {
      method: "PUT",
      path: DEVICE_PATH,
      access: "write",
      summary: "Ties a device to a person; whoever else has it is shown beside",
      answers: { 204: { says: "Tied, and on the disk." }, ...refusals },
      handle: ({ params }) => change(params, "register"),
    },
    {
      method: "DELETE",
      path: DEVICE_PATH,
      access: "write",
      summary: "Unties a device: no node keeps that it was this person's",
      answers: { 204: { says: "Not tied any more, and in no file of this node." }, ...refusals },
      handle: ({ params }) => change(params, "unregister"),
    },
    {
      method: "GET",
      path: "/v1/me",
      access: "people",
      summary: "The device that asks, as its neighbours see it",
      answers: {
        200: { says: "The device.", schema: "Caller" },
        404: { says: "No neighbour table has that address yet.", schema: "Problem" },
      },
      handle: ({ incoming }) => {
        const ip = canonicalAddress(incoming.socket.remoteAddress ?? "");
        if (isLoopback(ip)) return problem(404, "ask from your own device, not from the node's");
        const caller = people.caller(ip);
        if (caller === undefined) {
          return problem(404, "your device has not been seen yet: ask again in half a minute");
        }
        const { mac, owners } = caller;
        return json(callerDocument(mac, ip, owners));
      },
    },
  ];
}

function callerDocument(mac: string, ip: string, owners: readonly string[]): CallerDocument {
  const [person] = owners;
  return {
    mac,
    ip,
    private_address: isPrivateMac(mac),
    ...(person === undefined ? {} : { person }),
    ...(owners.length > 1 && { conflict: owners }),
  };
}

function namedIn({ person = "", mac = "" }: Asked["params"]): NamedDevice | Answer {
  const name = person.normalize("NFC").trim();
  if (!NAME.test(name) || Buffer.byteLength(name) > NAME_BYTES_MAX) {
    return problem(400, `a name has letters, digits and spaces, ${NAME_BYTES_MAX} bytes at most`);
  }
  const parsed = parseMac(mac);
  if (parsed !== undefined) return { person: name, mac: parsed };
  return problem(400, "a MAC is six pairs of digits and a to f, such as 3c:22:fb:01:02:03");
}

interface NamedDevice {
  readonly person: string;
  readonly mac: string;
}
