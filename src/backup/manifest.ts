import * as v from "valibot";
import { err, ok, type Result } from "../base/result.ts";

/** The first file of a backup: what it is, for people and for `restore`. */
export const MANIFEST_FILE = "watercooler-backup.json";
/** The last one, in the form of `sha256sum`: what came before is whole. */
export const SUMS_FILE = "SHA256SUMS";
/** The node's configuration, which does not lie in its data folder. */
export const CONFIG_FILE = "watercooler.yaml";
/** A program reads its own format and those before. */
export const FORMAT = 1;

const schema = v.object({
  format: v.number(),
  made_at: v.string(),
  version: v.string(),
  node: v.object({ id: v.string(), name: v.string() }),
});

export type Manifest = v.InferOutput<typeof schema>;

export function parseManifest(text: string): Result<Manifest> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return err(`its ${MANIFEST_FILE} is damaged`);
  }
  const { format } = Object(document) as { format?: unknown };
  if (typeof format === "number" && format > FORMAT) {
    return err("it was made by a newer watercooler: upgrade this one first");
  }
  const parsed = v.safeParse(schema, document);
  return parsed.success ? ok(parsed.output) : err(`its ${MANIFEST_FILE} is damaged`);
}
