import { ROUTES } from "./routes.ts";

/** OpenAPI 3.1, made from the route table so that it can't go stale. */
export function openApiDocument(version: string): unknown {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { method, path, summary, query, answers } of ROUTES) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) =>
      parameter(name ?? "", "path"),
    );
    const inQuery = (query ?? []).map((name) => parameter(name, "query"));
    const operations = paths[path] ?? {};
    operations[method.toLowerCase()] = {
      summary,
      parameters: [...inPath, ...inQuery],
      responses: {
        [answers.slice(0, 3)]: { description: summary },
        default: {
          description: "A problem, as RFC 9457 has it.",
          content: { "application/problem+json": { schema: { type: "object" } } },
        },
      },
    };
    paths[path] = operations;
  }
  paths["/v1/live"] = {
    get: {
      summary: "A WebSocket: a snapshot, then changes as they arrive.",
      responses: { 101: { description: "The socket is open." } },
    },
  };
  const info = { title: "Watercooler", version, description: "A smart-office sensor mesh." };
  return { openapi: "3.1.0", info, paths };
}

function parameter(name: string, place: "path" | "query"): unknown {
  return { name, in: place, required: place === "path", schema: { type: "string" } };
}
