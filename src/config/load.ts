import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";
import { type Config, completeConfig, type Surroundings } from "./config.ts";
import { nearest } from "./nearest.ts";
import { fileSchema } from "./schema.ts";

/** Larger files are surely not configuration. */
const FILE_BYTES_MAX = 1024 * 1024;
/** Lines of trouble shown at once. */
const PROBLEMS_MAX = 20;

export interface LoadOptions extends Surroundings {
  readonly explicitPath?: string;
  readonly cwd: string;
}

export interface Loaded {
  readonly config: Config;
  /** Undefined where no file was found: all defaults. */
  readonly path: string | undefined;
}

/** Finds, reads and checks the configuration. The error is one line for each thing to mend. */
export async function loadConfig(options: LoadOptions): Promise<Result<Loaded, readonly string[]>> {
  const path = findFile(options);
  if (path === undefined) return ok({ config: completeConfig({}, options), path });
  let text: string;
  try {
    const { size } = statSync(path);
    if (size > FILE_BYTES_MAX) return err([`${path}: over 1 MiB: this is no configuration`]);
    text = readFileSync(path, "utf8");
  } catch (error) {
    return err([`${path}: can't be read (${(error as NodeJS.ErrnoException).code})`]);
  }
  const checked = await checkConfig(path, text);
  return checked.ok ? ok({ config: completeConfig(checked.value, options), path }) : checked;
}

/** Checks a file's text. Each problem names the file, the line and the key. */
export async function checkConfig(
  path: string,
  text: string,
): Promise<Result<v.InferOutput<typeof fileSchema>, readonly string[]>> {
  const { parseDocument, LineCounter, isNode } = await import("./parse-yaml.ts");
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return err(
      document.errors
        .slice(0, PROBLEMS_MAX)
        .map((error) => `${path}:${lines.linePos(error.pos[0]).line}: ${error.message}`),
    );
  }
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 50 }) ?? {};
  } catch (error) {
    return err([`${path}: ${(error as Error).message}`]);
  }
  const parsed = v.safeParse(fileSchema, value);
  const lineOf = (keys: readonly unknown[]): number => {
    for (let depth = keys.length; depth > 0; depth--) {
      const node = document.getIn(keys.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  if (!parsed.success) {
    const problems = parsed.issues.slice(0, PROBLEMS_MAX).map((issue) => {
      const keys = (issue.path ?? []).map(({ key }) => key);
      return `${path}:${lineOf(keys)}: ${keys.join(".") || "file"}: ${saying(issue, keys)}`;
    });
    return err(problems);
  }
  const twice = duplicateSensor(parsed.output);
  if (twice === undefined) return ok(parsed.output);
  const line = lineOf(["sensors", twice.at, "name"]);
  return err([`${path}:${line}: sensors.${twice.at}.name: "${twice.name}" is there twice`]);
}

function findFile({ explicitPath, env, cwd }: LoadOptions): string | undefined {
  const named = explicitPath ?? env.WATERCOOLER_CONFIG;
  if (named !== undefined && named !== "") return named;
  const usual = [join(cwd, "watercooler.yaml"), "/etc/watercooler/watercooler.yaml"];
  return usual.find((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

function saying(issue: v.BaseIssue<unknown>, keys: readonly unknown[]): string {
  if (issue.type === "strict_object" && issue.expected === "never") {
    const known = siblingsOf(keys);
    const near = nearest(String(keys.at(-1)), known);
    return `unknown key${near ? `: did you mean ${near}?` : `; known are ${known.join(", ")}`}`;
  }
  const allowed = issue.message.startsWith("Invalid") ? issue.expected : issue.message;
  return `${issue.received} is not allowed: it must be ${allowed ?? "something else"}`;
}

/** The keys that may stand where an unknown one does. */
function siblingsOf(keys: readonly unknown[]): readonly string[] {
  let at: unknown = fileSchema;
  for (const key of keys.slice(0, -1)) at = inside(at, key);
  return Object.keys((at as { entries?: object } | undefined)?.entries ?? {});
}

function inside(schema: unknown, key: unknown): unknown {
  const entries = (schema as { entries?: Record<string, unknown> }).entries;
  let next = entries === undefined ? (schema as { item?: unknown }).item : entries[String(key)];
  while ((next as { wrapped?: unknown } | undefined)?.wrapped !== undefined) {
    next = (next as { wrapped: unknown }).wrapped;
  }
  return next;
}

function duplicateSensor(
  file: v.InferOutput<typeof fileSchema>,
): { name: string; at: number } | undefined {
  const seen = new Set<string>();
  for (const [at, { name }] of (file.sensors ?? []).entries()) {
    if (seen.has(name)) return { name, at };
    seen.add(name);
  }
  return undefined;
}
