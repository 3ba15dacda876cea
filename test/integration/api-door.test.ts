import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { gunzipSync, gzipSync } from "node:zlib";
import { ApiServer, createApi } from "../../src/api/server.ts";
import { silentLog } from "../../src/base/log.ts";
import { FakeOffice } from "./api-fake-office.ts";
import { ask, assertProblem, LiveReader, raw, serve, systemClock, until } from "./api-harness.ts";

const PUSH = JSON.stringify({ sensor: "desk", kind: "temperature", value: 21 });

test("a request for another host is refused on every route, first of all", async (context) => {
  const { port, office } = await serve(context, { hosts: ["office.example"] });
  for (const path of ["/", "/v1/health", "/v1/rooms", "/metrics", "/openapi.json", "/nothing"]) {
    const headers = { host: `evil.example:${port}` };
    assertProblem(await ask(port, path, { headers }), 421, /api\.hosts/);
  }
  for (const host of ["localhost", `127.0.0.1:${port}`, "office.example:443", `[::1]:${port}`]) {
    assert.equal((await ask(port, "/v1/rooms", { headers: { host } })).status, 200, host);
  }
  const headers = { host: "evil.example", "content-type": "application/json" };
  const write = await ask(port, "/v1/readings", { method: "POST", headers, body: PUSH });
  assertProblem(write, 421, /./);
  assert.equal(office.pushed.length, 0);
});

test("a browser's cross-site write is refused, the own page's is not", async (context) => {
  const { port, office } = await serve(context);
  const write = (headers: Record<string, string>) =>
    ask(port, "/v1/readings", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: PUSH,
    });
  assertProblem(await write({ origin: "http://evil.example" }), 403, /another site/);
  assertProblem(await write({ origin: "null" }), 403, /another site/);
  assertProblem(await write({ "sec-fetch-site": "cross-site" }), 403, /another site/);
  assertProblem(await write({ origin: "http://127.0.0.1:1" }), 403, /another site/);
  assert.equal(office.pushed.length, 0);
  assert.equal((await write({ origin: `http://127.0.0.1:${port}` })).status, 202);
  assert.equal((await write({})).status, 202);
});

test("the live socket has the same door", async (context) => {
  const { port, office } = await serve(context);
  const refused = async (headers: Record<string, string>, path = "/v1/live") => {
    const reader = new LiveReader(port, headers, path);
    await until("the refusal", () => reader.refusedWith !== undefined);
    return reader.refusedWith;
  };
  assert.equal(await refused({ host: "evil.example" }), 421);
  assert.equal(await refused({ origin: "http://evil.example" }), 403);
  assert.equal(await refused({ "sec-fetch-site": "cross-site" }), 403);
  assert.equal(await refused({}, "/v1/rooms"), 404);
  const h2c = await raw(
    port,
    "GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
  );
  assert.match(h2c, /^HTTP\/1\.1 400 /);
  assert.equal(office.listening, 1);
});

const junk: readonly (readonly [string, string, RegExp])[] = [
  ["noise", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", /^HTTP\/1\.1 400 /],
  ["words", "hello there\r\n\r\n", /^HTTP\/1\.1 400 /],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^HTTP\/1\.1 \d{3} /],
  ["HTTP/1.0", "GET /v1/rooms HTTP/1.0\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 505 /],
  ["no Host", "GET /v1/rooms HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
  [
    "two Hosts",
    "GET /v1/rooms HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "a proxy's target",
    "GET http://localhost/v1/rooms HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "two framings",
    "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
      "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "two lengths",
    "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n" +
      "Content-Length: 30\r\n\r\nxGET /metrics HTTP/1.1\r\n\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  [
    "a bad chunk",
    "POST /v1/readings HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    /^HTTP\/1\.1 400 /,
  ],
  ["a header line break", "GET /v1/rooms HTTP/1.1\nHost: localhost\n\n", /^HTTP\/1\.1 400 |^$/],
  [
    "a huge header",
    `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
    /^HTTP\/1\.1 431 /,
  ],
];
for (const [name, bytes, answer] of junk) {
  test(`on the port, ${name} is answered once and closed`, async (context) => {
    const { port, office, logged } = await serve(context);
    const got = await raw(port, Buffer.from(bytes, "latin1"));
    assert.match(got, answer);
    assert.equal(got.match(/^HTTP\/1\.1 /gm)?.length ?? 0, got === "" ? 0 : 1, got);
    assert.equal(office.pushed.length, 0);
    assert.deepEqual(logged, []);
    assert.equal((await ask(port, "/v1/rooms")).status, 200);
  });
}

test("200 requests at once are all answered", async (context) => {
  const { port } = await serve(context);
  const replies = await Promise.all(Array.from({ length: 200 }, () => ask(port, "/v1/rooms")));
  assert.deepEqual([...new Set(replies.map(({ status }) => status))], [200]);
});

test("the page's files have tags and packed twins; nothing else is reachable", async (context) => {
  const base = await mkdtemp(join(tmpdir(), "watercooler-static-"));
  context.after(() => rm(base, { recursive: true }));
  const folder = join(base, "page");
  const page = "<!doctype html><title>Watercooler</title>";
  await mkdir(join(folder, "assets"), { recursive: true });
  await writeFile(join(base, "secret.txt"), "secret");
  await writeFile(join(folder, "index.html"), page);
  await writeFile(join(folder, "index.html.gz"), gzipSync(page));
  await writeFile(join(folder, "assets", "index-abc.js"), "1");
  const { port } = await serve(context, { staticDir: folder });
  const plain = await ask(port, "/");
  assert.equal(plain.text, page);
  assert.equal(plain.headers["content-type"], "text/html; charset=utf-8");
  assert.equal(plain.headers["cache-control"], "no-cache");
  assert.equal(plain.headers.vary, "Accept-Encoding");
  const packed = await ask(port, "/", { headers: { "accept-encoding": "br, gzip" } });
  assert.equal(packed.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(packed.bytes).toString(), page);
  assert.notEqual(packed.headers.etag, plain.headers.etag);
  const refusing = await ask(port, "/", { headers: { "accept-encoding": "gzip;q=0" } });
  assert.equal(refusing.headers["content-encoding"], undefined);
  const known = await ask(port, "/", { headers: { "if-none-match": plain.headers.etag ?? "" } });
  assert.deepEqual([known.status, known.bytes.length], [304, 0]);
  const script = await ask(port, "/assets/index-abc.js");
  assert.match(script.headers["cache-control"] ?? "", /immutable/);
  assertProblem(await ask(port, "/", { method: "POST" }), 405, /GET/);
  for (const path of [
    "/../secret.txt",
    "/assets/../../secret.txt",
    "/..%2fsecret.txt",
    "/%2e%2e/secret.txt",
    "//secret.txt",
    "/index.html.gz",
    "/assets",
    "/..\\secret.txt",
  ]) {
    const reply = await ask(port, path);
    assert.equal(reply.status, 404, path);
    assert.doesNotMatch(reply.text, /"secret"|^secret/);
  }
});

test("without a built page, / says how to build it", async (context) => {
  const { port } = await serve(context, { staticDir: "/nowhere/at/all" });
  assertProblem(await ask(port, "/"), 404, /npm run build/);
});

function apiAt(listen: string) {
  const options = { hosts: [], read: "lan", log: silentLog, clock: systemClock } as const;
  return createApi({ ...options, listen, readSide: new FakeOffice() });
}

test("a taken port, a foreign address and a mad one are refused in one line", async (context) => {
  const other = createServer().listen(0, "127.0.0.1");
  await once(other, "listening");
  context.after(() => other.close());
  const { port } = other.address() as AddressInfo;
  await assert.rejects(apiAt(`127.0.0.1:${port}`).start(), {
    message: `port ${port} is taken by another program: stop it or set api.listen`,
  });
  await assert.rejects(
    apiAt("203.0.113.1:8080").start(),
    /no address 203\.0\.113\.1: set api\.listen/,
  );
  await assert.rejects(apiAt("somewhere").start(), /api\.listen "somewhere" is not host:port/);
});

test("it listens on IPv6, and names the addresses that others can reach", async (context) => {
  const six = apiAt("[::1]:0");
  context.after(() => six.stop());
  assert.match((await six.start())[0] ?? "", /^\[::1\]:\d+$/);
  const all = apiAt("[::]:0");
  context.after(() => all.stop());
  const addresses = await all.start();
  assert.ok(addresses.length > 0);
  assert.ok(addresses.every((address) => !address.startsWith("[::]") && !address.startsWith("0.")));
  const port = Number(/(\d+)$/.exec(addresses[0] ?? "")?.[1]);
  assert.equal((await ask(port, "/v1/node", { host: "127.0.0.1" })).status, 200);
  assert.equal((await ask(port, "/v1/node", { host: "::1" })).status, 200);
});

test("the class that a node is wired with is the same API", async (context) => {
  const read = new FakeOffice();
  const listen = "127.0.0.1:0";
  const server = new ApiServer({ listen, hosts: [], read, log: silentLog, clock: systemClock });
  context.after(() => server.stop());
  const [address = ""] = await server.start();
  const port = Number(address.split(":")[1]);
  assert.equal((await ask(port, "/v1/node")).json()["name"], "kitchen-pi");
});

test("stopping takes under a second and tells live readers", async (context) => {
  const { port, stop, office } = await serve(context);
  const reader = new LiveReader(port);
  await reader.message(0);
  const goodbye = once(reader.socket, "close");
  const half = connect(port, "127.0.0.1", () => half.write("GET /v1/rooms HTTP/1.1\r\nHost: loc"));
  const mute = connect(port, "127.0.0.1");
  half.on("error", () => {});
  mute.on("error", () => {});
  await Promise.all([once(half, "connect"), once(mute, "connect")]);
  const startMs = performance.now();
  await stop();
  assert.ok(performance.now() - startMs < 1_000, `${performance.now() - startMs} ms`);
  assert.equal((await goodbye)[0], 1001);
  assert.equal(office.listening, 0);
  await assert.rejects(ask(port, "/v1/rooms"), /ECONNREFUSED/);
});
