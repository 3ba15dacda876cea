import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { err, ok, type Result } from "../base/result.ts";
import type { ReadSide } from "../node/read-side.ts";
import { parseMac } from "../office/network.ts";
import type { Sha256 } from "../ucan/ipld.ts";
import type { Answer } from "./answer.ts";
import { readBytes, saysTooLong, tooLong } from "./body.ts";
import { REGISTER_OWN } from "./commands.ts";
import { canonicalAddress, isCrossSite, isLoopback, schemeOf } from "./door.ts";
import type { BearerRefusal, Doorkeeper, Permit } from "./doorkeeper.ts";
import type { PathParams } from "./path-pattern.ts";
import { problem } from "./problems.ts";
import type { Route } from "./router.ts";

/** The subprotocol of the live socket, which a browser may name, and what carries its token. */
export const LIVE_PROTOCOL = "watercooler.v1";
const BEARER_PROTOCOL = "bearer.";

export interface AdmissionParts {
  readonly read: "lan" | "capability";
  readonly readSide: ReadSide;
  /** Without one no token is taken. */
  readonly doorkeeper: Doorkeeper | undefined;
  readonly sha256: Sha256 | undefined;
}

/** Who may read what: "public" leaves out what names people. */
export interface Admitted {
  readonly audience: "all" | "public";
  /** For what lasts: whether it would be let in still. */
  stillHolds(): boolean;
}

const ALL: Admitted = { audience: "all", stillHolds: () => true };
const PUBLIC: Admitted = { audience: "public", stillHolds: () => true };

/** Lets requests in by where they come from and what they carry. */
export class Admission {
  constructor(private readonly parts: AdmissionParts) {}

  /** `goAhead` is called before a body is read, for a client that waits for that. */
  async admit(
    route: Route,
    params: PathParams,
    incoming: IncomingMessage,
    goAhead: () => void,
  ): Promise<Result<Admitted, Answer>> {
    if (route.access !== "write") return this.reader(incoming, route.access);
    if (isCrossSite(incoming.headers, schemeOf(incoming))) return err(crossSite());
    const token = bearerOf(incoming.headers);
    if (token === undefined) {
      if (!isLoopback(incoming.socket.remoteAddress)) return err(needsCapability("write"));
      return saysTooLong(incoming) ? err(tooLong()) : ok(ALL);
    }
    const permit = this.judged(token, incoming, "write");
    if (!permit.ok) return permit;
    if (saysTooLong(incoming)) return err(tooLong());
    goAhead();
    const other =
      (await this.otherBody(permit.value, incoming)) ??
      this.otherDevice(permit.value, params, incoming);
    if (other === undefined) return ok(ALL);
    permit.value.unused();
    return err(other);
  }

  /** Who reads, on a route that is open or for those who may read what names people. */
  reader(incoming: IncomingMessage, access: "open" | "people"): Result<Admitted, Answer> {
    if (this.parts.read === "lan") return ok(ALL);
    const token = bearerOf(incoming.headers);
    if (token !== undefined) {
      const permit = this.judged(token, incoming, "read");
      if (!permit.ok) return permit;
      return ok({ audience: "all", stillHolds: () => permit.value.stillHolds() });
    }
    // Another node's page in a browser of this machine is not this machine's own.
    const isOther = isCrossSite(incoming.headers, schemeOf(incoming));
    const isOwn = isLoopback(incoming.socket.remoteAddress) && !isOther;
    if (isOwn) return ok(ALL);
    return access === "people" ? err(needsCapability("read")) : ok(PUBLIC);
  }

  private judged(
    token: string,
    { method = "", url: target = "" }: IncomingMessage,
    access: "read" | "write",
  ) {
    const { doorkeeper } = this.parts;
    if (doorkeeper === undefined) return err(problem(401, "this node takes no capabilities"));
    const judged = doorkeeper.judge(token, { method, target, access });
    return judged.ok ? judged : err(refusalAnswer(judged.error));
  }

  private async otherBody(
    { bodyHash }: Permit,
    incoming: IncomingMessage,
  ): Promise<Answer | undefined> {
    const bytes = await readBytes(incoming);
    if (bytes === "too long") return tooLong();
    if (bytes === "cut off") return problem(400, "the body ended early");
    const hash = this.parts.sha256?.(bytes);
    if (hash?.length === bodyHash.length && timingSafeEqual(hash, bodyHash)) return undefined;
    return refusalAnswer({ status: 401, detail: "the body is not the one that was signed" });
  }

  /** `/people/register-own` is for the device that the caller calls from. */
  private otherDevice(
    { command }: Permit,
    { mac = "" }: PathParams,
    { socket }: IncomingMessage,
  ): Answer | undefined {
    if (command !== REGISTER_OWN) return undefined;
    const ip = canonicalAddress(socket.remoteAddress ?? "");
    const own = this.parts.readSide.people?.caller(ip)?.mac;
    if (own !== undefined && own === parseMac(mac)) return undefined;
    return problem(403, "this capability is for your own device: call from the device itself");
  }
}

/** The token of `Authorization: Bearer`, or of a live socket's subprotocol. */
function bearerOf(headers: IncomingHttpHeaders): string | undefined {
  const [, token] = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "") ?? [];
  if (token !== undefined || headers.authorization !== undefined) return token ?? "";
  const offered = (headers["sec-websocket-protocol"] ?? "").split(",").map((one) => one.trim());
  return offered.find((one) => one.startsWith(BEARER_PROTOCOL))?.slice(BEARER_PROTOCOL.length);
}

export function crossSite(): Answer {
  return problem(403, "another site's page may not do this");
}

function refusalAnswer({ status, detail }: BearerRefusal): Answer {
  const error = status === 403 ? "insufficient_scope" : "invalid_token";
  return problem(status, detail, {
    "WWW-Authenticate": `Bearer realm="watercooler", error="${error}"`,
  });
}

function needsCapability(what: "read" | "write"): Answer {
  const doing = what === "read" ? "reading what names people" : "writing";
  return problem(401, `${doing} works from the node's own machine, else with a capability`, {
    "WWW-Authenticate": 'Bearer realm="watercooler"',
  });
}
