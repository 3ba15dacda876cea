import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import { fileSchema } from "./schema.ts";

/**
 * The JSON Schema (draft-07, which editors know best) of `watercooler.yaml`. Rules that it can't
 * hold, such as a span's bounds, are left to `config check`.
 */
export function jsonSchema(): object {
  const schema = toJsonSchema(fileSchema, {
    errorMode: "ignore",
    typeMode: "input",
    target: "draft-07",
  });
  return {
    ...schema,
    title: "watercooler.yaml",
    description: "The configuration of a Watercooler node. Every key may be left out.",
  };
}

/** Writes it; run when the package is built, so that the daemon never loads the generator. */
export function writeJsonSchema(path: string): void {
  writeFileSync(path, `${JSON.stringify(jsonSchema(), undefined, 2)}\n`);
}
