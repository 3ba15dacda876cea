import type { IncomingMessage } from "node:http";
import type { RequestOptions } from "node:https";
import * as v from "valibot";
import { CliError, EXIT } from "./deps.ts";
import { type Place, RequestSigner } from "./signing.ts";

/** A node that has not answered by then can't be reached. A guess: a Pi under load. */
const ANSWER_MS_MAX = 10_000;
/** Larger than any answer of a mesh of 200 nodes. A guess. */
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** An answer that is an error, with its HTTP status. */
export class Refusal extends CliError {
  constructor(
    readonly status: number,
    detail: string,
  ) {
    super(status === 401 || status === 403 ? EXIT.notAllowed : EXIT.failed, detail);
  }
}

/** What a caller holds; each is read when it is needed. */
export interface Given {
  /** The text of a grant to sign requests with. */
  readonly token?: (() => Promise<string>) | "" | undefined;
  /** The only authority to trust over HTTPS, in PEM. */
  readonly authority?: (() => Promise<string>) | "" | undefined;
}

/** Reads one node's API. Every failure is a CliError with the contract's exit code. */
export class NodeClient {
  private readonly signer: RequestSigner | undefined;

  constructor(
    readonly base: string,
    private readonly signal: AbortSignal,
    private readonly given: Given = {},
  ) {
    const { token } = given;
    if (token) this.signer = new RequestSigner(token, () => this.place());
  }

  /** The authority to trust; undefined for those that Node trusts. */
  async authority(): Promise<string | undefined> {
    if (!this.base.startsWith("https:") || !this.given.authority) return undefined;
    return this.given.authority();
  }

  /** What a request has to carry where a grant is held; undefined where none covers it. */
  async authorization(method: string, path: string, body = ""): Promise<string | undefined> {
    const { pathname, search } = new URL(this.base + path);
    const header = await this.signer?.header(method, pathname + search, body);
    if (this.signer === undefined || header !== undefined || method === "GET") return header;
    throw new CliError(EXIT.notAllowed, "the token is not for this: ask for another grant");
  }

  /** The answer as it came, for `--json`. With a body it is a write. */
  async raw(path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.fetch(path, body);
    // A degraded node says so with 503 and a document.
    const isAnswer = status === 200 || status === 201 || (status === 503 && path === "/v1/health");
    const document = parseJson(text);
    if (!isAnswer) throw new Refusal(status, this.explain(status, document));
    if (document === undefined) throw new CliError(EXIT.failed, this.notUnderstood(path));
    return document;
  }

  /** The answer, checked. */
  async get<const S extends v.GenericSchema>(path: string, schema: S) {
    return this.checked(path, await this.raw(path), schema);
  }

  /** The answer to a write, checked. */
  async post<const S extends v.GenericSchema>(path: string, body: object, schema: S) {
    return this.checked(path, await this.raw(path, body), schema);
  }

  /** A write; undefined where the answer says nothing but that it is done. */
  async send(method: "PUT" | "DELETE", path: string, body?: object): Promise<unknown> {
    const { status, text } = await this.fetch(path, body, method);
    const document = parseJson(text);
    if (status < 200 || status > 299) throw new Refusal(status, this.explain(status, document));
    if (document === undefined && status !== 204) {
      throw new CliError(EXIT.failed, this.notUnderstood(path));
    }
    return document;
  }

  /** The answer as text of another type than JSON. */
  async text(path: string, type: string): Promise<string> {
    const authorization = await this.authorization("GET", path, undefined);
    const { status, text } = await this.exchange(path, "GET", undefined, authorization, type);
    if (status !== 200) throw new Refusal(status, this.explain(status, parseJson(text)));
    return text;
  }

  /** A document, checked. */
  checked<const S extends v.GenericSchema>(path: string, document: unknown, schema: S) {
    const parsed = v.safeParse(schema, document);
    if (!parsed.success) throw new CliError(EXIT.failed, this.notUnderstood(path));
    return parsed.output as v.InferOutput<S>;
  }

  private explain(status: number, document: unknown): string {
    const { detail, title } = Object(document) as { detail?: unknown; title?: unknown };
    if (typeof detail === "string" && detail !== "") return detail;
    if (typeof title === "string" && title !== "") return `${title} (HTTP ${status})`;
    return `${this.base} answered HTTP ${status}: is it a Watercooler? Name another with --node`;
  }

  private notUnderstood(path: string): string {
    const what = `the answer of ${this.base} to ${path} is not understood`;
    return `${what}: is it a Watercooler of this version? Name another node with --node`;
  }

  /** Who the node is, and its time: asked without a token. */
  private async place(): Promise<Place> {
    const { text, date } = await this.exchange("/v1/node", "GET", undefined, undefined);
    return { id: Object(parseJson(text)).id, date };
  }

  private async fetch(
    path: string,
    body?: object,
    method = body === undefined ? "GET" : "POST",
  ): Promise<{ status: number; text: string }> {
    const sent = body === undefined ? undefined : JSON.stringify(body);
    return this.exchange(path, method, sent, await this.authorization(method, path, sent));
  }

  private async exchange(
    path: string,
    method: string,
    body: string | undefined,
    authorization: string | undefined,
    accept = "application/json",
  ): Promise<{ status: number; text: string; date: string | undefined }> {
    const url = new URL(this.base + path);
    const { request } = url.protocol === "https:" ? await import("node:https") : await plainHttp();
    const late = AbortSignal.timeout(ANSWER_MS_MAX);
    const ca = await this.authority();
    const options: RequestOptions = {
      ...(ca === undefined ? {} : { ca }),
      signal: AbortSignal.any([late, this.signal]),
      method,
      headers: {
        accept,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      // One question a connection: a kept one would hold the process open.
      agent: false,
    };
    return new Promise((resolve, reject) => {
      const call = request(url, options, (response) => {
        readBody(response).then((text) => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, text, date: headers.date });
        }, fail);
      });
      const fail = (error: Error) => {
        if (error instanceof CliError) reject(error);
        else if (this.signal.aborted) reject(new CliError(EXIT.failed, "interrupted"));
        else reject(unreachable(this.base, late.aborted ? "ETIMEDOUT" : codeOf(error)));
      };
      call.on("error", fail);
      call.end(body);
    });
  }
}

const plainHttp = () => import("node:http");

/** The one line for a node that does not answer. */
export function unreachable(base: string, code: string): CliError {
  if (isMistrust(code)) {
    const next =
      "get /v1/authority.crt over a way you trust, compare its SHA-256, give it with --ca";
    return new CliError(EXIT.unreachable, `${base} is not vouched for (${code}): ${next}`);
  }
  const why = REASONS[code] ?? code;
  const [what, next] = code.startsWith("HPE_")
    ? [`what answers at ${base} is no Watercooler`, ""]
    : [`can't reach a node at ${base} (${why})`, 'start one with "watercooler up", or '];
  return new CliError(EXIT.unreachable, `${what}: ${next}name another with --node`);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ECONNRESET: "it hung up",
  EHOSTUNREACH: "no way to that host",
  ENETUNREACH: "no way to that network",
  ENOTFOUND: "no such host name",
  EAI_AGAIN: "the host name can't be looked up now",
  ETIMEDOUT: "no answer in time",
};

/** Whether a certificate was not believed (the codes of OpenSSL's X509_verify_cert and Node's). */
function isMistrust(code: string): boolean {
  return /CERT|SELF_SIGNED|VERIFY_LEAF|ISSUER|ALTNAME|^UNSPECIFIED$/.test(code);
}

function codeOf(error: Error): string {
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

async function readBody(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > ANSWER_BYTES_MAX) {
      throw new CliError(EXIT.failed, `an answer over ${ANSWER_BYTES_MAX} bytes: no Watercooler's`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
