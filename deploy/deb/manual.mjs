// The man pages: commands from the program itself, keys from the configuration's schema, so that
// neither can go stale.
import {
  argumentsOf,
  EXIT_CODES,
  exampleOf,
  kindOf,
  ownKeys,
} from "../../scripts/reference-parts.mjs";

const escaped = (text) =>
  text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(['.])/gm, "\\&$1");
const quoted = (text) => `"${escaped(text).replaceAll('"', "\\(dq")}"`;
const bold = (text) => `\\fB${escaped(text)}\\fR`;
/** Examples stand as they are typed. */
const literal = (text) => `.PP\n.RS 4\n.nf\n${escaped(text)}\n.fi\n.RE`;

const head = (name, section, { version, date, part }) =>
  `.TH ${name} ${section} ${date} ${quoted(`Watercooler ${version}`)} ${quoted(part)}`;

/** An option or an argument with what it is for. */
const entry = (term, said) => `.TP\n${bold(term)}\n${escaped(said)}`;

function commandText(command, path) {
  const title = ["watercooler", ...path, ...argumentsOf(command)].join(" ");
  const said = command.registeredArguments
    .filter(({ description }) => description !== "")
    .map((one) => entry(one.name().toUpperCase(), one.description));
  const options = command.options.map(({ flags, description }) => entry(flags, description));
  const example = exampleOf(command);
  const subs = command.commands.map((sub) => commandText(sub, [...path, sub.name()]));
  return [
    `.SS ${quoted(title)}`,
    escaped(command.description()),
    ...said,
    ...options,
    ...(example === undefined ? [] : [literal(example)]),
    ...subs,
  ].join("\n");
}

const ENVIRONMENT = [
  ["WATERCOOLER_CONFIG", "the configuration file, where --config does not name one"],
  ["WATERCOOLER_NODE", "the node to ask, where --node does not name one"],
];
const FILES = [
  ["/etc/watercooler/watercooler.yaml", "the service's configuration"],
  ["/var/lib/watercooler", "the node's key, its membership and what it knows"],
];
const entries = (pairs) => pairs.map(([term, said]) => entry(term, said));

/** watercooler(1). `program` is the command line as the parser has it. */
export function commandsManual(program, about) {
  return [
    head("WATERCOOLER", 1, { ...about, part: "User Commands" }),
    ".SH NAME",
    `watercooler \\- ${escaped("a smart-office sensor mesh without server, hub or cloud")}`,
    ".SH SYNOPSIS",
    `${bold("watercooler")} \\fICOMMAND\\fR [\\fIOPTION\\fR...]`,
    ".SH DESCRIPTION",
    escaped(
      "Each Raspberry Pi of an office runs a node. It reads its own sensors, tells a few neighbours, " +
        "and soon every node knows every room. The service runs one; these commands ask it, " +
        "or set it up. Errors are one line that says what to do next.",
    ),
    ".SH COMMANDS",
    ...program.commands.map((command) => commandText(command, [command.name()])),
    ".SH EXIT STATUS",
    ...entries(EXIT_CODES),
    ".SH ENVIRONMENT",
    ...entries(ENVIRONMENT),
    ".SH FILES",
    ...entries(FILES),
    ".SH SEE ALSO",
    `${bold("watercooler.yaml")}(5), ${bold("systemctl")}(1), ${bold("journalctl")}(1)`,
    "",
  ].join("\n");
}

const listed = (values) => values.map((value) => String(value)).join(", ");

/** What a value may be, in a few words. */
function typeText(schema) {
  if ("const" in schema) return String(schema.const);
  if (schema.enum !== undefined) return `one of ${listed(schema.enum)}`;
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return [...new Set(choices.map(typeText))].join(" or ");
  if (schema.type === "array") return "list";
  const { minimum, maximum } = schema;
  const range = minimum === undefined || maximum === undefined ? "" : `, ${minimum} to ${maximum}`;
  return `${schema.type ?? "value"}${range}`;
}

function valueText(schema) {
  const { description = "", default: preset, examples = [] } = schema;
  const isSimple = preset !== undefined && preset !== "" && typeof preset !== "object";
  return [
    description,
    `(${typeText(schema)}${isSimple ? `; default ${preset}` : ""})`,
    ...(examples.length === 0 ? [] : [`For example ${listed(examples)}.`]),
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** Keys of an object, those within it after it. */
function keysText(schema, prefix) {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    if (value.type === "object" && value.properties !== undefined) {
      return [entry(path, value.description ?? ""), ...keysText(value, `${path}.`)];
    }
    return [entry(path, valueText(value)), ...listText(value.items ?? {}, `${path}[].`)];
  });
}

const listText = (items, prefix) => (items.oneOf === undefined ? keysText(items, prefix) : []);

/** What tells the kinds of a list's items apart: `platform` of sensors, `to` of announcements. */
function kindsText(name, { items }) {
  return (items.oneOf ?? []).flatMap((kind) => {
    const { key, value } = kindOf(kind);
    return [
      `.SS ${quoted(`${name}: ${key} ${value}`)}`,
      ...(kind.description === undefined ? [] : [escaped(kind.description)]),
      ...keysText({ properties: ownKeys(kind) }, ""),
    ];
  });
}

/** watercooler.yaml(5), from the JSON Schema. */
export function configurationManual(schema, about) {
  const sections = Object.entries(schema.properties).map(([name, value]) =>
    [
      `.SS ${quoted(name)}`,
      value.type === "object" ? escaped(value.description ?? "") : escaped(valueText(value)),
      ...keysText(value, `${name}.`),
      ...listText(value.items ?? {}, `${name}[].`),
      ...(value.items === undefined ? [] : kindsText(name, value)),
    ].join("\n"),
  );
  return [
    head("WATERCOOLER.YAML", 5, { ...about, part: "File Formats" }),
    ".SH NAME",
    `watercooler.yaml \\- ${escaped("a Watercooler node's configuration")}`,
    ".SH DESCRIPTION",
    escaped(
      "A YAML file, looked for at --config, $WATERCOOLER_CONFIG, ./watercooler.yaml and " +
        "/etc/watercooler/watercooler.yaml. Every key may be left out. An unknown key, a wrong type " +
        "or an impossible value is told with its line before anything starts, with exit code 78; " +
        '"watercooler config check" tells it too. Times are written as 10s, 5min, 48h, 30d or 2y.',
    ),
    ".SH KEYS",
    ...sections,
    ".SH FILTERS",
    escaped(
      "Under a sensor, each kind of reading that it gives may have filters, applied in their order: " +
        "temperature: { filters: [ { offset: -1.2 }, { median: 5 }, { delta: 0.1 } ] }",
    ),
    ".SH SEE ALSO",
    `${bold("watercooler")}(1)`,
    "",
  ].join("\n");
}
