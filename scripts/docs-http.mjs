// docs/http.md, from the OpenAPI document that a node serves.
import { cell, code, table } from "./markdown.mjs";

const nameOf = (ref) => ref.split("/").at(-1);
const linkTo = (name) => `[${name}](#${name.toLowerCase()})`;

/** What a JSON value is, in a few words, with links to the documents. */
function typeText(schema) {
  if (schema.$ref !== undefined) return linkTo(nameOf(schema.$ref));
  if ("const" in schema) return code(JSON.stringify(schema.const));
  if (schema.enum !== undefined)
    return schema.enum.map((one) => code(JSON.stringify(one))).join(", ");
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return choices.map(typeText).join(" or ");
  if (schema.allOf !== undefined) return schema.allOf.map(typeText).join(" and ");
  if (schema.type === "array") return listText(schema);
  if (schema.properties !== undefined) return `{ ${fieldsText(schema)} }`;
  if (schema.additionalProperties !== undefined && schema.additionalProperties !== false) {
    return `object of ${typeText(schema.additionalProperties)}`;
  }
  const types = [schema.type ?? "any"].flat().map((one) => (one === "object" ? "any object" : one));
  return schema.format === "date-time"
    ? types.join(" or ").replace("string", "time")
    : types.join(" or ");
}

function listText({ items, prefixItems }) {
  if (prefixItems !== undefined) return `[${prefixItems.map(typeText).join(", ")}]`;
  return `list of ${typeText(items ?? {})}`;
}

const fieldsText = ({ properties, required = [] }) =>
  Object.entries(properties)
    .map(([name, one]) => `${code(name)}${required.includes(name) ? "" : "?"}: ${typeText(one)}`)
    .join(", ");

/** An object's fields; several objects that hold at once are one. */
function fieldRows(schema) {
  if (schema.allOf !== undefined) {
    return schema.allOf.flatMap((one) =>
      one.$ref === undefined ? fieldRows(one) : [["", `all of ${typeText(one)}`, ""]],
    );
  }
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).map(([name, one]) => [
    code(name),
    `${typeText(one)}${required.includes(name) ? "" : ", may be absent"}`,
    cell(one.description ?? ""),
  ]);
}

function documentText([name, schema]) {
  const rows = fieldRows(schema);
  const said = schema.description === undefined ? [] : [cell(schema.description)];
  const plain = said.length > 0 ? [] : [`${typeText(schema)}.`];
  const body = rows.length > 0 ? [table(["field", "value", ""], rows)] : plain;
  return [`### ${name}`, ...said, ...body];
}

const bodyOf = ({ content = {} }) => {
  const [[type, { schema }] = ["", {}]] = Object.entries(content);
  if (schema === undefined) return "";
  return type.includes("json") ? typeText(schema) : code(type);
};

/** Statuses that any request may be answered with are told once, above. */
function answersText(responses, everywhere) {
  return Object.entries(responses)
    .filter(([status, { description }]) => everywhere[status] !== description)
    .map(([status, response]) => [status, cell(response.description), bodyOf(response)]);
}

function operationText(method, path, operation, everywhere) {
  const { summary, parameters = [], requestBody, responses } = operation;
  const query = parameters
    .filter((one) => one.in === "query")
    .map(({ name, description }) => [code(name), cell(description ?? "")]);
  const body = requestBody === undefined ? [] : [`Body: ${bodyOf(requestBody)}.`];
  return [
    `### ${method.toUpperCase()} ${path}`,
    `${summary}.`,
    ...(query.length === 0 ? [] : [table(["query", ""], query)]),
    ...body,
    table(["answers", "when", "with"], answersText(responses, everywhere)),
  ];
}

/** The answers that all, or all that write, have alike but where one says its own. */
function sharedAnswers(operations) {
  const [first, ...rest] = operations.map(({ operation }) => operation.responses);
  const shared = Object.entries(first).filter(
    ([status, { description }]) =>
      rest.filter((one) => one[status]?.description === description).length > rest.length / 2,
  );
  return Object.fromEntries(shared.map(([status, { description }]) => [status, description]));
}

const isNotIn =
  (others) =>
  ([status]) =>
    !(status in others);

const sharedTable = (shared) =>
  table(
    ["status", "when"],
    Object.entries(shared).map(([status, says]) => [status, cell(says)]),
  );

/** The whole page. */
export function httpReference({ info, paths, components }) {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method, path, operation })),
  );
  const everywhere = sharedAnswers(operations);
  const writes = operations.filter(({ method }) => method !== "get");
  const onWrites = { ...sharedAnswers(writes), ...everywhere };
  return [
    "# HTTP API",
    info.description,
    "The page, the command line and your scripts use the same one. It describes itself: `/docs` in " +
      "a browser, `/openapi.json` for programs. Port 8080 unless `api.listen` says otherwise; " +
      "`api.https` adds HTTPS.",
    "```sh\ncurl http://meeting-room-pi.local:8080/v1/rooms\n" +
      "curl -X PUT -H content-type:application/json -d '{\"value\":21}' \\\n" +
      "  http://127.0.0.1:8080/v1/rooms/meeting-room/targets/temperature\n```",
    "Reading is open to the LAN (with `api.read: capability` what names people is not). Writing is " +
      "open to the node's own machine; from elsewhere it takes an `Authorization: Bearer` header, " +
      "made from a grant's token for that one request. The page and the command line's `--token` " +
      "make it; [trust.md](trust.md#grants-what-people-may-do) tells how.",
    "Any request may also be answered with:",
    sharedTable(everywhere),
    "And any that writes with:",
    sharedTable(Object.fromEntries(Object.entries(onWrites).filter(isNotIn(everywhere)))),
    "Errors are problem documents (RFC 9457): `detail` says what to do.",
    "## Requests",
    ...operations.flatMap(({ method, path, operation }) =>
      operationText(method, path, operation, method === "get" ? everywhere : onWrites),
    ),
    "## Documents",
    "More fields may come with newer versions: pass over what you don't know.",
    ...Object.entries(components.schemas).flatMap(documentText),
  ].join("\n\n");
}
