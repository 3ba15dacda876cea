import { request } from "node:http";
import type { ProblemDocument } from "../api/types.ts";
import { CliError, EXIT } from "./deps.ts";

/** A node that does not answer by then can't be reached. */
const ANSWER_MS_MAX = 5_000;
export const DEFAULT_NODE = "http://127.0.0.1:8080";

/** `host:port` or a URL as the base URL of a node's API. */
export function nodeUrl(text: string): string {
  const url = /^https?:\/\//.test(text) ? text : `http://${text}`;
  try {
    return new URL(url).origin;
  } catch {
    throw new CliError(EXIT.usage, `"${text}" is no address of a node: use host:port`);
  }
}

/** Asks a node for a document. Throws a CliError with the code that the contract has for it. */
export async function ask<T>(node: string, path: string): Promise<T> {
  const { status, text } = await fetchText(node, path);
  if (status === 200 || status === 503) return JSON.parse(text) as T;
  throw new CliError(
    status === 401 || status === 403 ? EXIT.notAllowed : EXIT.failed,
    detail(text),
  );
}

function fetchText(node: string, path: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const fail = () =>
      reject(
        new CliError(
          EXIT.unreachable,
          `can't reach a node at ${node}: start one with "watercooler up", or name one with --node`,
        ),
      );
    const call = request(new URL(path, node), { timeout: ANSWER_MS_MAX }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
    });
    call.on("timeout", () => call.destroy());
    call.on("error", fail);
    call.end();
  });
}

function detail(text: string): string {
  try {
    const problem = JSON.parse(text) as ProblemDocument;
    return problem.detail || problem.title;
  } catch {
    return "the node gave an answer that is not understood: is it a Watercooler?";
  }
}
