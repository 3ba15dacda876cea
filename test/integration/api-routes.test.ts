import assert from "node:assert/strict";
import { networkInterfaces } from "node:os";
import test from "node:test";
import { FakeOffice, idOf, node, reading, WALL_MS } from "./api-fake-office.ts";
import { ask, assertProblem, type Reply, serve } from "./api-harness.ts";

const JSON_TYPE = { "content-type": "application/json" };
const PUSH = { sensor: "desk", kind: "temperature", value: 21 };

function office(): FakeOffice {
  const made = new FakeOffice();
  made.nodeList = [node(1, "kitchen-pi", { links: [idOf(2)] }), node(2, "hall-pi")];
  made.readingList = [
    reading({ kind: "temperature" }),
    reading({ kind: "motion", value: true }),
    reading({ kind: "co2", value: 900, room: "hall", node: idOf(2), sensor: "hall-pi/air" }),
  ];
  const seen = { hostname: undefined, seenBy: [idOf(1)], atWallMs: WALL_MS, ageMs: 500 };
  made.devices = [{ mac: "02:00:00:00:00:01", ip: "192.0.2.7", ips: ["192.0.2.7"], ...seen }];
  return made;
}

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
}

interface Described {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { content?: Record<string, { schema: Schema }> }> }>
  >;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

/** Walks a document along the part of JSON Schema that the description uses; names what differs. */
function misfits(all: Described, schema: Schema, value: unknown, at = "$"): string[] {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split("/").at(-1) ?? "";
    return misfits(all, all.components.schemas[name] ?? {}, value, at);
  }
  const found: string[] = [];
  const types = schema.type === undefined ? [] : [schema.type].flat();
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) found.push(`${at}: type`);
  if (schema.enum !== undefined && !schema.enum.includes(value)) found.push(`${at}: enum`);
  if (schema.const !== undefined && schema.const !== value) found.push(`${at}: const`);
  if (Array.isArray(value)) {
    const { items = {} } = schema;
    return [...found, ...value.flatMap((one, n) => misfits(all, items, one, `${at}[${n}]`))];
  }
  if (typeof value !== "object" || value === null) return found;
  const fields = new Map(Object.entries(value));
  for (const name of schema.required ?? [])
    if (!fields.has(name)) found.push(`${at}.${name}: gone`);
  for (const [name, field] of fields) {
    const more = schema.additionalProperties;
    const known = schema.properties?.[name] ?? (typeof more === "object" ? more : undefined);
    if (known === undefined && schema.properties !== undefined) found.push(`${at}.${name}: unsaid`);
    if (known !== undefined) found.push(...misfits(all, known, field, `${at}.${name}`));
  }
  return found;
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null;
  return typeof value === type;
}

test("every GET route answers what the description says of it", async (context) => {
  const { port } = await serve(context, { office: office() });
  const description = (await ask(port, "/openapi.json")).json() as unknown as Described;
  const asked = Object.entries(description.paths).filter(([, methods]) => methods["get"]);
  assert.ok(asked.length >= 11);
  for (const [pattern, methods] of asked) {
    const path = pattern.replace("{room}", "kitchen");
    const reply = await ask(port, path);
    const content = methods["get"]?.responses[String(reply.status)]?.content;
    assert.ok(content, `${path} ${reply.status} is not described`);
    const [type = ""] = Object.keys(content);
    const schema = content[type]?.schema ?? {};
    assert.ok(reply.headers["content-type"]?.startsWith(type), path);
    if (type.includes("json"))
      assert.deepEqual(misfits(description, schema, reply.json()), [], path);
    const head = await ask(port, path, { method: "HEAD" });
    assert.equal(head.status, reply.status, path);
    assert.equal(head.bytes.length, 0);
    assert.ok(Number(head.headers["content-length"]) > 0, path);
  }
});

test("security headers are on every answer, a CORS header on none", async (context) => {
  const { port } = await serve(context);
  const replies = [
    await ask(port, "/v1/rooms", { headers: { origin: "http://evil.example" } }),
    await ask(port, "/nothing"),
    await ask(port, "/v1/rooms", { headers: { host: "evil.example" } }),
  ];
  for (const { headers } of replies) {
    assert.match(String(headers["content-security-policy"]), /default-src 'self'/);
    assert.match(String(headers["content-security-policy"]), /frame-ancestors 'none'/);
    assert.equal(headers["x-content-type-options"], "nosniff");
    assert.equal(headers["referrer-policy"], "no-referrer");
    assert.equal(headers["cross-origin-resource-policy"], "same-origin");
    assert.equal(headers["cache-control"], "no-store");
    const cors = Object.keys(headers).filter((name) => name.startsWith("access-control"));
    assert.deepEqual(cors, []);
  }
});

test("a degraded node answers 503 and says what is wrong", async (context) => {
  const degraded = office();
  degraded.checked = [{ name: "sensors", state: "degraded", detail: "climate: check the wires" }];
  const { port } = await serve(context, { office: degraded });
  const reply = await ask(port, "/v1/health");
  assert.equal(reply.status, 503);
  assert.equal(reply.json()["status"], "degraded");
});

test("an unknown room's error names the rooms there are", async (context) => {
  const { port } = await serve(context, { office: office() });
  assertProblem(await ask(port, "/v1/rooms/cellar"), 404, /known are: hall, kitchen/);
  assertProblem(await ask(port, "/v1/rooms/%ff"), 404, /nothing here/);
  assert.equal((await ask(port, "/v1/rooms/kitch%65n")).status, 200);
});

test("readings are filtered by room, kind and node", async (context) => {
  const { port } = await serve(context, { office: office() });
  const kinds = async (query: string) => {
    const reply = await ask(port, `/v1/readings${query}`);
    const list = reply.json() as unknown as readonly { readonly kind: string }[];
    return list.map(({ kind }) => kind);
  };
  assert.deepEqual(await kinds(""), ["temperature", "motion", "co2"]);
  assert.deepEqual(await kinds("?room=&kind=&node="), ["temperature", "motion", "co2"]);
  assert.deepEqual(await kinds("?room=hall"), ["co2"]);
  assert.deepEqual(await kinds("?kind=motion&room=kitchen"), ["motion"]);
  assert.deepEqual(await kinds("?node=hall-pi"), ["co2"]);
  assert.deepEqual(await kinds(`?node=${encodeURIComponent(idOf(1))}`), ["temperature", "motion"]);
  assert.deepEqual(await kinds("?room=nowhere"), []);
  assertProblem(await ask(port, "/v1/readings?kind=smell"), 400, /there are: temperature/);
  assertProblem(await ask(port, "/v1/readings?rom=hall"), 400, /unknown filter/);
  assertProblem(await ask(port, "/v1/readings?room=a&room=b"), 400, /once/);
});

test("pushed readings reach the node, one or many", async (context) => {
  const { port, office: pushedTo } = await serve(context, { office: office() });
  const post = (body: unknown) =>
    ask(port, "/v1/readings", { method: "POST", headers: JSON_TYPE, body: JSON.stringify(body) });
  const one = await post({ ...PUSH, room: "hall" });
  assert.equal(one.status, 202);
  assert.equal((await post([PUSH, { sensor: "door", kind: "contact", value: true }])).status, 202);
  assert.deepEqual(pushedTo.pushed, [
    { ...PUSH, room: "hall" },
    PUSH,
    { sensor: "door", kind: "contact", value: true },
  ]);
});

test("a wrong push is refused in words, and nothing of it is taken", async (context) => {
  const { port, office: pushedTo } = await serve(context, { office: office() });
  const post = (body: string, type = "application/json") =>
    ask(port, "/v1/readings", { method: "POST", headers: { "content-type": type }, body });
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [{ ...PUSH, kind: "smell" }, /kind is one of/],
    [{ ...PUSH, value: "21" }, /value/],
    [{ ...PUSH, value: true }, /every other kind is a number/],
    [{ ...PUSH, kind: "motion", value: 2 }, /true or false/],
    [{ ...PUSH, sensor: "No Name" }, /sensor/],
    [{ ...PUSH, rom: "hall" }, /rom/],
    [[PUSH, { ...PUSH, room: "" }], /1\.room/],
    [{ sensor: "desk" }, /kind/],
    ["text", /./],
    [null, /./],
  ];
  for (const [body, says] of wrong) assertProblem(await post(JSON.stringify(body)), 400, says);
  assertProblem(await post(`{"sensor":"desk","kind":"count","value":1e999}`), 400, /value/);
  assertProblem(await post("{"), 400, /not JSON/);
  assertProblem(await post(""), 400, /not JSON/);
  assertProblem(await post(JSON.stringify(PUSH), "text/plain"), 415, /Content-Type/);
  pushedTo.refusal = { status: 404, detail: "no push sensor desk: add it under sensors" };
  assertProblem(await post(JSON.stringify(PUSH)), 404, /no push sensor/);
  assert.equal(pushedTo.pushed.length, 0);
});

test("a body over 64 KiB is refused, whether its length is said or not", async (context) => {
  const { port, office: pushedTo } = await serve(context);
  const over = " ".repeat(64 * 1024) + JSON.stringify(PUSH);
  const most = JSON.stringify(PUSH).padEnd(64 * 1024, " ");
  const headers = JSON_TYPE;
  for (const framing of ["length", "chunked"] as const) {
    const big = await ask(port, "/v1/readings", { method: "POST", headers, body: over, framing });
    assertProblem(big, 413, /65536 bytes/);
    const fits = await ask(port, "/v1/readings", { method: "POST", headers, body: most, framing });
    assert.equal(fits.status, 202, framing);
  }
  assert.equal(pushedTo.pushed.length, 2);
});

test("whoever waits for a go-ahead gets it, or the refusal instead", async (context) => {
  const { port } = await serve(context);
  const headers = { ...JSON_TYPE, expect: "100-continue" };
  const path = "/v1/readings";
  const fine = await ask(port, path, { method: "POST", headers, body: JSON.stringify(PUSH) });
  assert.equal(fine.status, 202);
  const over = await ask(port, path, { method: "POST", headers, body: "x".repeat(70_000) });
  assertProblem(over, 413, /bytes/);
});

test("another method is told which there are", async (context) => {
  const { port } = await serve(context);
  const put = await ask(port, "/v1/rooms", { method: "PUT" });
  assertProblem(put, 405, /GET/);
  assert.equal(put.headers.allow, "GET, HEAD");
  const gone = await ask(port, "/v1/readings", { method: "DELETE" });
  assertProblem(gone, 405, /POST/);
  assert.equal(gone.headers.allow, "GET, HEAD, POST");
  assertProblem(await ask(port, "/v1/live"), 426, /WebSocket/);
  assertProblem(await ask(port, "/v1"), 404, /openapi/);
});

test("a handler that throws answers 500 and tells the log, once", async (context) => {
  const broken = office();
  broken.rooms = () => {
    throw new Error("secret inside");
  };
  const { port, logged } = await serve(context, { office: broken });
  for (let count = 0; count < 5; count++) {
    const reply = await ask(port, "/v1/rooms");
    assertProblem(reply, 500, /log says why/);
    assert.doesNotMatch(reply.text, /secret/);
  }
  assert.equal(logged.length, 1);
  assert.match(logged[0] ?? "", /GET \/v1\/rooms failed.*secret inside/);
  assert.equal((await ask(port, "/v1/node")).status, 200);
});

test("metrics tell readings, the node's own counters and the API's", async (context) => {
  const counting = office();
  counting.counted = [
    {
      name: "watercooler_frames_total",
      help: "Frames.",
      type: "counter",
      samples: [{ labels: { way: "in" }, value: 7 }],
    },
  ];
  const { port } = await serve(context, { office: counting });
  await ask(port, "/v1/rooms/kitchen");
  const { text, headers } = await ask(port, "/metrics");
  assert.equal(headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
  assert.match(
    text,
    /^watercooler_reading\{room="hall",kind="co2",sensor="hall-pi\/air",.*\} 900$/m,
  );
  assert.match(text, /^watercooler_frames_total\{way="in"\} 7$/m);
  assert.match(text, /requests_total\{route="\/v1\/rooms\/\{room\}",status="200"\} 1$/m);
  assert.match(text, /^watercooler_build_info\{version="0\.1\.0"\} 1$/m);
  assert.match(text, /^process_resident_memory_bytes \d+$/m);
});

const outside = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;
const skip = outside === undefined ? "this machine has no address beside loopback" : false;

test("from elsewhere one may read, not write", {
  skip,
}, async (context) => {
  const host = outside ?? "";
  const open = await serve(context, { listen: "0.0.0.0:0", office: office() });
  const post = (port: number): Promise<Reply> =>
    ask(port, "/v1/readings", {
      method: "POST",
      headers: JSON_TYPE,
      body: JSON.stringify(PUSH),
      host,
    });
  assert.equal((await ask(open.port, "/v1/rooms", { host })).status, 200);
  assert.equal((await ask(open.port, "/v1/network", { host })).status, 200);
  const refused = await post(open.port);
  assertProblem(refused, 401, /capability/);
  assert.match(refused.headers["www-authenticate"] ?? "", /^Bearer/);
  assert.equal(open.office.pushed.length, 0);
  const closed = await serve(context, {
    listen: "0.0.0.0:0",
    read: "capability",
    office: office(),
  });
  assertProblem(await ask(closed.port, "/v1/network", { host }), 401, /names people/);
  assert.equal((await ask(closed.port, "/v1/network")).status, 200);
  assert.equal((await ask(closed.port, "/v1/rooms", { host })).status, 200);
});
