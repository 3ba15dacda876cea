import { writeFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";
import { fileSchema } from "./schema.ts";

/** Writes the JSON Schema of `watercooler.yaml`; run when the package is built. */
export function writeJsonSchema(path: string): void {
  const schema = toJsonSchema(fileSchema, { errorMode: "ignore" });
  const titled = { ...schema, title: "watercooler.yaml" };
  writeFileSync(path, `${JSON.stringify(titled, undefined, 2)}\n`);
}
