import type { IncomingMessage } from "node:http";
import type { Answer } from "./answer.ts";
import { matchSegments } from "./path-pattern.ts";

/** One request as a handler sees it, the door behind it. */
export interface Asked {
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly incoming: IncomingMessage;
  /** "public": the caller may not read what names people. */
  readonly audience: "all" | "public";
}

/** What an answer of one status holds, for the description of the API. */
export interface Described {
  readonly says: string;
  /** A schema's name, `[name]` for an array of them, or undefined where it is not JSON. */
  readonly schema?: string;
  readonly type?: string;
}

/**
 * Who may use a route: anybody on the LAN, those who may read what names people, or those who
 * may write.
 */
export type Access = "open" | "people" | "write";

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** `/v1/rooms/{room}`: a part in braces takes one segment. */
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query?: Readonly<Record<string, string>>;
  /** The schema of the body that it takes. */
  readonly body?: string;
  readonly answers: Readonly<Record<number, Described>>;
  handle(asked: Asked): Answer | Promise<Answer>;
}

export type Match =
  | {
      readonly found: "route";
      readonly route: Route;
      readonly params: Readonly<Record<string, string>>;
    }
  | { readonly found: "path"; readonly allow: readonly string[] }
  | { readonly found: "nothing" };

/** Finds the route for a method and a path; a route for GET also answers HEAD. */
export type Router = (method: string, path: string) => Match;

export function createRouter(routes: readonly Route[]): Router {
  const table = routes.map((route) => ({ route, segments: route.path.split("/") }));
  return (method, path) => {
    const segments = path.split("/");
    const allow: string[] = [];
    for (const entry of table) {
      const params = matchSegments(entry.segments, segments);
      if (params === undefined) continue;
      const { route } = entry;
      const methods = route.method === "GET" ? ["GET", "HEAD"] : [route.method];
      if (methods.includes(method)) return { found: "route", route, params };
      allow.push(...methods);
    }
    return allow.length > 0 ? { found: "path", allow } : { found: "nothing" };
  };
}
