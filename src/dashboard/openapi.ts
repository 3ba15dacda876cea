/** What this page reads of an OpenAPI 3.1 document. */
export interface Description {
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

export interface Operation {
  readonly summary: string;
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly security?: readonly object[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<
    Record<string, { readonly description: string; readonly content?: Content }>
  >;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly description?: string;
}

export interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>;

/** A schema in few words: `[Room]`, `"ok" | "degraded"`, `number | null`. */
export function shape(schema: Schema | undefined): string {
  if (schema === undefined) return "anything";
  if (schema.$ref !== undefined) return schema.$ref.split("/").at(-1) ?? "";
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if (schema.oneOf !== undefined) return schema.oneOf.map(shape).join(" | ");
  if (schema.items !== undefined) return `[${shape(schema.items)}]`;
  if (typeof schema.additionalProperties === "object") {
    return `{name: ${shape(schema.additionalProperties)}}`;
  }
  if (schema.properties !== undefined) {
    const fields = Object.entries(schema.properties);
    return `{${fields.map(([name, at]) => `${name}: ${shape(at)}`).join(", ")}}`;
  }
  return [schema.type ?? "anything"].flat().join(" | ");
}

/** The one kind of content of a body or an answer. */
export function contentShape(content: Content | undefined): string {
  const [first] = Object.entries(content ?? {});
  if (first === undefined) return "nothing";
  const [type, { schema }] = first;
  return type.includes("json") ? shape(schema) : type;
}

/** A path with its parameters filled in; what is left empty is left out. */
export function filledPath(
  path: string,
  parameters: readonly Parameter[],
  values: Readonly<Record<string, string>>,
): string {
  let filled = path;
  const query = new URLSearchParams();
  for (const { name, in: place } of parameters) {
    const value = values[name] ?? "";
    if (place === "path") filled = filled.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") query.set(name, value);
  }
  return query.size > 0 ? `${filled}?${query}` : filled;
}
