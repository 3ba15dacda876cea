/** Maelstrom's protocol (jepsen-io/maelstrom, doc/protocol.md): one JSON object a line. */
export interface Envelope {
  readonly src: string;
  readonly dest: string;
  readonly body: Body;
}

/** A message's payload; only `type` is sure to be there. */
export interface Body {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** The protocol's own numbers. All of these say that the operation has not happened. */
export const ERROR = {
  notSupported: 10,
  temporarilyUnavailable: 11,
  malformedRequest: 12,
  abort: 14,
} as const;

/** Refuses a request with one of `ERROR`; becomes an error body. */
export class RequestError extends Error {
  constructor(
    readonly code: (typeof ERROR)[keyof typeof ERROR],
    message: string,
  ) {
    super(message);
  }
}

/** The envelope in a line, or undefined where there is none. */
export function parseEnvelope(line: string): Envelope | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(parsed) || !isObject(parsed.body)) return undefined;
  const { src, dest, body } = parsed;
  if (typeof src !== "string" || typeof dest !== "string") return undefined;
  const { type } = body;
  return typeof type === "string" ? { src, dest, body: { ...body, type } } : undefined;
}

/** Whether every item is a text. */
export function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
