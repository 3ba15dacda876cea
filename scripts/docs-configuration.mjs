// docs/configuration.md, from the JSON Schema of watercooler.yaml.

import { cell, code, table } from "./markdown.mjs";
import { kindOf, ownKeys } from "./reference-parts.mjs";

const listed = (values) => values.map((value) => code(JSON.stringify(value))).join(", ");
const words = (values) => values.map((value) => code(String(value))).join(", ");

/** Where a section is told at length. */
const TOLD_AT = {
  mesh: "[trust.md](trust.md), [faq.md](faq.md#network)",
  api: "[http.md](http.md), [security.md](security.md#https)",
  sensors: "[hardware.md](hardware.md)",
  neighbours: "[architecture.md](architecture.md#who-is-in)",
  occupancy: "[architecture.md](architecture.md#occupancy)",
  announce: "[chat.md](chat.md)",
  chat: "[chat.md](chat.md)",
  history: "[history.md](history.md)",
  mqtt: "[home-assistant.md](home-assistant.md)",
  influx: "[metrics-push.md](metrics-push.md)",
  space: "[monitoring.md](monitoring.md#spaceapi)",
};

const isFlag = ({ anyOf = [] }) => anyOf.some(({ type }) => type === "boolean");
/** The pattern of a span ends with its units. */
const isSpan = ({ pattern = "" }) => pattern.endsWith("(ms|s|sec|m|min|h|d|y)$");

/** What a value may be, in a few words. */
function valueText(schema, filters) {
  if (schema.$ref === filters) return "[filter](#filters)";
  if ("const" in schema) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined) return words(schema.enum);
  if (isFlag(schema)) return "yes or no";
  if (isAddress(schema)) return "`0x08` to `0x77`";
  if (isSpan(schema)) return "time";
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) {
    const texts = choices
      .filter(({ const: only }) => only !== "")
      .map((one) => valueText(one, filters));
    return [...new Set(texts)].join(" or ");
  }
  if (schema.type === "array") return `list of ${valueText(schema.items, filters)}`;
  if (schema.type === "object") return "mapping";
  if (schema.type === "string") return "text";
  return `${schema.type === "integer" ? "whole number" : "number"}${rangeText(schema)}`;
}

function rangeText({ minimum, maximum, exclusiveMinimum }) {
  if (minimum !== undefined && maximum !== undefined) return ` ${minimum} to ${maximum}`;
  if (exclusiveMinimum !== undefined && maximum !== undefined) {
    return ` over ${exclusiveMinimum}, to ${maximum}`;
  }
  return minimum === undefined ? "" : `, ${minimum} or more`;
}

/** What holds where a key is left out, as people write it. */
function presetText({ default: preset, ...schema }, name) {
  if (preset === undefined) return "";
  if (typeof preset === "boolean") return preset ? "yes" : "no";
  if (name === "address" && isAddress(schema)) return code(`0x${preset.toString(16)}`);
  return Array.isArray(preset) && preset.length === 0 ? "none" : code(JSON.stringify(preset));
}

const isAddress = ({ anyOf = [] }) => anyOf.some(({ pattern = "" }) => pattern.startsWith("^0x"));

function row(path, name, schema, { must, filters }) {
  const { description = "", examples = [] } = schema;
  const example = examples.length === 0 ? "" : ` For example ${listed(examples)}.`;
  return [
    code(path),
    valueText(schema, filters),
    must ? "must be given" : presetText(schema, name),
    `${cell(description)}${example}`.trim(),
  ];
}

/** A row for each key of an object, those within it after it. */
function rows({ properties = {}, required = [] }, prefix, filters) {
  return Object.entries(properties).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const must = required.includes(name);
    if (value.type === "object") {
      const own =
        value.description === undefined
          ? []
          : [[code(path), "mapping", "", cell(value.description)]];
      return [...own, ...rows(value, `${path}.`, filters)];
    }
    const within =
      value.items?.properties === undefined ? [] : rows(value.items, `${path}[].`, filters);
    return [row(path, name, value, { must, filters }), ...within];
  });
}

const keysTable = (found) => table(["key", "value", "default", "what it is"], found);

/** The kinds of a list's items: what all take, then what each takes beside. */
function kindsText({ oneOf: kinds }, filters) {
  const [first, ...rest] = kinds.map(ownKeys);
  const inAll = ([name, schema]) =>
    rest.every((one) => JSON.stringify(one[name]) === JSON.stringify(schema));
  const shared = Object.fromEntries(Object.entries(first).filter(inAll));
  const isOwn = ([name]) => !(name in shared);
  const required = kinds[0].required.filter((name) => name in shared);
  return [
    "All of them take:",
    keysTable(rows({ properties: shared, required }, "", filters)),
    ...kinds.flatMap((kind) => {
      const { key, value } = kindOf(kind);
      const own = Object.fromEntries(Object.entries(ownKeys(kind)).filter(isOwn));
      const found = rows({ properties: own, required: kind.required }, "", filters);
      const title = `### ${code(`${key}: ${value}`)}`;
      return [title, found.length === 0 ? "Nothing more." : keysTable(found)];
    }),
  ];
}

function section(name, schema, filters) {
  const said = [
    schema.description ?? "",
    TOLD_AT[name] === undefined ? "" : `More in ${TOLD_AT[name]}.`,
  ];
  const text = said.filter((part) => part !== "").join(" ");
  const found = schema.type === "object" ? rows(schema, `${name}.`, filters) : [];
  const inList = schema.items?.properties === undefined ? [] : rows(schema.items, "", filters);
  const lists = inList.length === 0 ? [] : ["A list, each with:", keysTable(inList)];
  const kinds = schema.items?.oneOf === undefined ? [] : kindsText(schema.items, filters);
  const plain = found.length + lists.length + kinds.length > 0;
  return [
    `## ${name}`,
    ...(text === "" ? [] : [text]),
    ...(plain ? [] : [keysTable([row(name, name, { ...schema, description: "" }, { filters })])]),
    ...(found.length === 0 ? [] : [keysTable(found)]),
    ...lists,
    ...kinds,
  ];
}

function filtersText(schema, filters) {
  const found = schema.anyOf.map(({ properties }) => {
    const [[name, value]] = Object.entries(properties);
    const taken = (value.anyOf ?? [value]).map((one) =>
      one.properties === undefined
        ? valueText(one, filters)
        : `mapping of ${Object.keys(one.properties).map(code).join(", ")}`,
    );
    return [code(name), taken.join(", or "), cell(value.description ?? "")];
  });
  return [
    "## Filters",
    "Under a sensor, each kind of reading that it gives may have filters, applied in their order. " +
      "Names and meanings are ESPHome's.",
    "```yaml\nsensors:\n  - platform: bme280\n    name: climate\n    temperature:\n" +
      "      filters: [{ offset: -1.2 }, { median: 5 }, { delta: 0.1 }, { heartbeat: 5min }]\n```",
    table(["filter", "takes", ""], found),
  ];
}

/** The whole page, from the schema that editors use too. */
export function configurationReference(schema) {
  const [[name, filter]] = Object.entries(schema.$defs ?? schema.definitions);
  const filters = `#/${schema.$defs === undefined ? "definitions" : "$defs"}/${name}`;
  return [
    "# Configuration",
    "One YAML file, `watercooler.yaml`, looked for at `--config`, `$WATERCOOLER_CONFIG`, " +
      "`./watercooler.yaml` and `/etc/watercooler/watercooler.yaml`. **Every key may be left out**, " +
      "and so may the file: [watercooler.example.yaml](../watercooler.example.yaml) is one to " +
      "begin with. Each Pi has its own; what is set while the mesh runs (targets, names of rooms " +
      "and people, offsets) is not in it.",
    "An unknown key, a wrong type or an impossible value is told with its line before anything " +
      "starts: `watercooler config check`. A file has 64 KiB and 5,000 lines at most. " +
      "A running service takes a changed file by `sudo " +
      "systemctl reload watercooler`, and keeps the old one where the new one has a mistake. " +
      "`watercooler config schema` prints the JSON Schema, by which editors complete and check.",
    "Times are written with their unit: `10s`, `5min`, `48h`, `30d`, `2y`. Secrets are better kept " +
      "in a file (`..._file`) or an environment variable (`..._env`) than in here.",
    ...Object.entries(schema.properties).flatMap(([key, value]) => section(key, value, filters)),
    ...filtersText(filter, filters),
  ].join("\n\n");
}
