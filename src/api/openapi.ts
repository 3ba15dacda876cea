import type { Described, Route } from "./router.ts";
import { SCHEMAS, type Schema } from "./schemas.ts";

/** What any request may be answered with, whatever its route. */
const ANYWHERE: Readonly<Record<number, string>> = {
  400: "The request can't be understood; `detail` says why.",
  429: "Too many requests from this address; `Retry-After` says when to ask again.",
  421: "The Host header names none of this node's names or addresses.",
  500: "The node failed to answer; its log says why.",
};

/** An OpenAPI 3.1 document that describes the routes, each with every status it may answer. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const methods = paths[route.path] ?? {};
    methods[route.method.toLowerCase()] = operation(route);
    paths[route.path] = methods;
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Watercooler",
      version,
      description:
        "One node of a smart-office sensor mesh; any node answers for the whole office. Times " +
        "are RFC 3339 in UTC, names ending in `_s` are seconds. HEAD answers wherever GET does.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: SCHEMAS,
      securitySchemes: {
        capability: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "UCAN",
          description: "Not needed from the node's own machine (loopback).",
        },
      },
    },
  };
}

function operation(route: Route): object {
  const segments = [...route.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const parameters = [
    ...segments.map((name) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(route.query ?? {}).map(([name, description]) => ({
      name,
      in: "query",
      description,
      schema: { type: "string" },
    })),
  ];
  return {
    summary: route.summary,
    operationId: operationId(route),
    ...(parameters.length > 0 && { parameters }),
    ...(route.access !== "open" && { security: [{}, { capability: [] }] }),
    ...(route.body !== undefined && {
      requestBody: {
        required: true,
        content: { "application/json": { schema: schemaOf(route.body) } },
      },
    }),
    responses: responses(route),
  };
}

function responses(route: Route): Record<string, object> {
  const told: Record<string, object> = {};
  for (const [status, description] of Object.entries({ ...ANYWHERE, ...refusals(route) })) {
    told[status] = response({ says: description, schema: "Problem" });
  }
  for (const [status, answer] of Object.entries(route.answers)) told[status] = response(answer);
  return told;
}

function refusals(route: Route): Readonly<Record<number, string>> {
  if (route.access === "people") return { 401: "Reading this needs a capability here." };
  if (route.access === "open") return {};
  return {
    401: "Writing needs a capability, save from the node's own machine.",
    403:
      "Another site's page asked a browser for this, the capability is for something else, " +
      "or this node has not the power.",
  };
}

function response({ says, schema, type }: Described): object {
  if (schema === undefined && type === undefined) return { description: says };
  const plain = schema === "Problem" ? "application/problem+json" : "application/json";
  const body = schema === undefined ? { type: "string" } : schemaOf(schema);
  return { description: says, content: { [type ?? plain]: { schema: body } } };
}

function schemaOf(name: string): Schema {
  const items = /^\[(\w+)\]$/.exec(name)?.[1];
  if (items !== undefined) return { type: "array", items: schemaOf(items) };
  return { $ref: `#/components/schemas/${name}` };
}

function operationId({ method, path }: Route): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "v1");
  return [method.toLowerCase(), ...words].join("_");
}
