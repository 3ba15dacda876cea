import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { extname, join, relative, sep } from "node:path";
import type { Answer } from "./answer.ts";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".ico": "image/x-icon",
  ".json": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
};

/** What all files together may take of a small Pi's memory. A guess; the page is a tenth of it. */
const STATIC_BYTES_MAX = 2 * 1024 * 1024;

/** The pages, by the path that people type. */
const PAGES: Readonly<Record<string, string>> = { "/": "/index.html", "/docs": "/docs.html" };

interface StaticFile {
  readonly type: string;
  readonly etag: string;
  readonly cache: string;
  readonly plain: Uint8Array;
  readonly gzip: Uint8Array | undefined;
}

/** The files of the dashboard, by the path that asks for them. */
export type StaticFiles = ReadonlyMap<string, StaticFile>;

/**
 * Reads a folder once. Only paths found then are ever answered, so no request can name a file
 * outside of it. Gives an empty map where there is no such folder.
 */
export async function loadStaticFiles(folder: string | undefined): Promise<StaticFiles> {
  const files = new Map<string, StaticFile>();
  if (folder === undefined) return files;
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let left = STATIC_BYTES_MAX;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const place = join(entry.parentPath ?? entry.path, entry.name);
    const type = TYPES[extname(entry.name)];
    if (type === undefined) continue;
    const plain = await readFile(place);
    const gzip = await readFile(`${place}.gz`).catch(() => undefined);
    left -= plain.length + (gzip?.length ?? 0);
    if (left < 0) break;
    const path = `/${relative(folder, place).split(sep).join("/")}`;
    files.set(path, { type, etag: hashOf(plain), cache: cacheOf(path), plain, gzip });
  }
  for (const [path, name] of Object.entries(PAGES)) {
    const page = files.get(name);
    if (page !== undefined) files.set(path, page);
  }
  return files;
}

/** The file at a path for a client with these headers, or undefined where there is none. */
export function staticAnswer(
  files: StaticFiles,
  path: string,
  headers: IncomingHttpHeaders,
): Answer | undefined {
  const file = files.get(path);
  if (file === undefined) return undefined;
  const zipped = file.gzip !== undefined && takesGzip(String(headers["accept-encoding"] ?? ""));
  const etag = `"${file.etag}${zipped ? "-gzip" : ""}"`;
  const common = { ETag: etag, "Cache-Control": file.cache, Vary: "Accept-Encoding" };
  const known = (headers["if-none-match"] ?? "").split(",").map((tag) => tag.trim());
  if (known.some((tag) => tag === "*" || tag.replace(/^W\//, "") === etag)) {
    return { status: 304, headers: common, body: "" };
  }
  const encoding = zipped ? { "Content-Encoding": "gzip" } : {};
  return {
    status: 200,
    headers: { ...common, ...encoding, "Content-Type": file.type },
    body: (zipped ? file.gzip : undefined) ?? file.plain,
  };
}

function takesGzip(accepted: string): boolean {
  return accepted.split(",").some((part) => {
    const [coding = "", ...parameters] = part.split(";").map((text) => text.trim());
    const refused = parameters.some((text) => /^q=0(?:\.0*)?$/.test(text));
    return coding === "gzip" && !refused;
  });
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("base64url").slice(0, 22);
}

/** Vite puts a hash into the names under `assets`: such a file never changes. */
function cacheOf(path: string): string {
  return path.startsWith("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
}
