import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { HealthDocument, NodeDocument, SelfDocument } from "../../src/api/types.ts";
import { pemOf } from "../../src/base/pem.ts";
import { enrol } from "../../src/trust/enrol.ts";
import { HttpsPapers } from "../../src/trust/https-papers.ts";
import { generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { meshTag } from "../../src/trust/membership.ts";
import { run } from "./cli-harness.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

/** What any step may take on a loaded machine. */
const STEP_MS_MAX = 60_000;
const HOUR_MS = 3_600_000;
const MINT = fileURLToPath(new URL("../../../app/mint-https.js", import.meta.url));
const NAMES = ["kitchen", "lab", "hall"] as const;

interface Reply {
  readonly status: number;
  readonly body: string;
}

interface Asking {
  readonly port: number;
  readonly path?: string;
  /** The name that is asked for; without one, the address. */
  readonly name?: string;
  readonly ca?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An ordinary TLS client that checks certificates; gives the reply, or why there is none. */
function ask({ port, path = "/v1/node", name, ca, headers = {} }: Asking): Promise<Reply | string> {
  return new Promise((resolve) => {
    const call = request(
      {
        ...{ host: "127.0.0.1", port, path, agent: false },
        ...(name !== undefined && { servername: name }),
        ...(ca !== undefined && { ca }),
        headers: { host: `${name ?? "127.0.0.1"}:${port}`, ...headers },
      },
      async (response) => {
        const parts = await response.toArray();
        const body = Buffer.concat(parts).toString("utf8");
        resolve({ status: response.statusCode ?? 0, body });
      },
    );
    call.on("error", (error: NodeJS.ErrnoException) => resolve(`${error.code} ${error.message}`));
    call.end();
  });
}

const statusOf = async (asking: Asking) => {
  const reply = await ask(asking);
  return typeof reply === "string" ? reply : reply.status;
};

const papersIn = (dataDir: string) => {
  mkdirSync(dataDir, { recursive: true });
  return new HttpsPapers({ dataDir, meshTag: "0011223344556677", mintScript: MINT });
};

test("three nodes answer over HTTPS with the mesh's own authority", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-https-"));
  const root = identityFromPem(generateKeyPem());
  assert.ok(root.ok);
  const ports = await freePorts(NAMES.length);
  const more = { api: { listen: "127.0.0.1:0", https: "127.0.0.1:0" } };
  const nodes = NAMES.map((name, at) => {
    const data = join(folder, name);
    // One admin alone may be the authority.
    enrol(data, root.value, at === 0 ? "admin" : "member");
    const [meshPort = 0] = ports.slice(at);
    const peerPorts = ports.filter((port) => port !== meshPort);
    return new NodeProcess({ name, data, meshPort, peerPorts, sensors: [], more });
  });
  const [kitchen, lab] = nodes;
  assert.ok(kitchen !== undefined && lab !== undefined);
  context.after(async () => {
    await Promise.all(nodes.map((node) => node.end("SIGKILL")));
    rmSync(folder, { recursive: true, force: true });
  });
  for (const node of nodes) node.start();

  /** The ports of HTTPS that a node's own list tells, by node. */
  const securePorts = async () => {
    const known = (await lab.get<readonly NodeDocument[]>("/v1/nodes")) ?? [];
    return NAMES.map((name) => {
      const { api = [] } = known.find((one) => one.name === name) ?? {};
      return Number(/^https:.*:(\d+)$/.exec(api.find((url) => /^https:/.test(url)) ?? "")?.[1]);
    });
  };
  let ca = "";
  await until(
    async () => {
      ca = await lab.text("/v1/authority.crt");
      const found = await securePorts();
      const certified = await Promise.all(
        found.map((port) => (port > 0 ? statusOf({ port, ca }) : "no port")),
      );
      return certified.every((status) => status === 200);
    },
    STEP_MS_MAX,
    "certificates for all",
  );
  const found = await securePorts();

  for (const [at, port] of found.entries()) {
    const reply = await ask({ port, ca, name: `${NAMES[at]}.local` });
    assert.ok(typeof reply !== "string", String(reply));
    assert.equal((JSON.parse(reply.body) as SelfDocument).name, NAMES[at]);
    assert.match(String(await statusOf({ port })), /UNABLE_TO_VERIFY_LEAF_SIGNATURE/);
    const stranger = await statusOf({ port, ca, name: "elsewhere.local" });
    assert.match(String(stranger), /ERR_TLS_CERT_ALTNAME_INVALID/);
  }
  const [port = 0] = found;

  const foreign = await papersIn(join(folder, "foreign")).authority(Date.now());
  const refused = await statusOf({ port, ca: pemOf(foreign.certificate) });
  assert.match(String(refused), /SIGNATURE|ISSUER/, "another mesh's authority");

  const plainPage = { origin: `http://127.0.0.1:${port}` };
  const securePage = { origin: `https://127.0.0.1:${port}` };
  const invitations = { port, ca, path: "/v1/live" };
  assert.equal(await statusOf({ ...invitations, headers: securePage }), 426);
  const upgrade = { connection: "Upgrade", upgrade: "websocket" };
  assert.equal(await statusOf({ ...invitations, headers: { ...plainPage, ...upgrade } }), 403);

  for (const [node, files] of [
    [kitchen, ["https.key", "https.crt", "authority-TAG.key"]],
    [lab, ["https.key", "https.crt"]],
  ] as const) {
    for (const file of files) {
      const path = join(node.plan.data, file.replace("TAG", meshTag(root.value.id)));
      assert.equal(statSync(path).mode & 0o777, 0o600, file);
    }
  }
  assert.ok(readdirSync(lab.plan.data).every((file) => !file.startsWith("authority")));

  const fingerprints = await Promise.all(nodes.map((node) => node.get<SelfDocument>("/v1/node")));
  const [first] = fingerprints;
  assert.match(first?.authority ?? "", /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  assert.deepEqual(new Set(fingerprints.map((self) => self?.authority)).size, 1);

  const health = await kitchen.get<HealthDocument>("/v1/health");
  assert.match(health?.checks.https?.detail ?? "", /^certified until /);

  const file = join(folder, "authority.crt");
  writeFileSync(file, ca);
  const words = ["status", "--node", `https://127.0.0.1:${port}`];
  const told = await run([...words, "--ca", file]);
  assert.equal(told.code, 0, told.stderr);
  assert.ok(told.stdout.includes(first?.authority ?? "?"), told.stdout);
  const untold = await run(words);
  assert.equal(untold.code, 69);
  assert.match(untold.stderr, /^watercooler: .*not vouched for.*--ca\n$/);

  await lab.end("SIGTERM");
  const isOfHttps = (name: string) => /^(https|authority)/.test(name);
  assert.equal(readdirSync(lab.plan.data).filter(isOfHttps).length, 2);
  assert.equal((await run(["rekey", "--config", `${lab.plan.data}.yaml`])).code, 0);
  assert.deepEqual(readdirSync(lab.plan.data).filter(isOfHttps), [], "a copied card's keys");
});

test("who installs the authority trusts it with no other site", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-https-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const papers = papersIn(folder);
  const wallMs = Date.now();
  const { certificate: authority } = await papers.authority(wallMs);
  const ca = pemOf(authority);
  const key = papers.tlsPublicKey();
  const asked = async (name: string, isName: boolean) => {
    const names = [name];
    const order = { authority, key, names, wallMs, lifeMs: HOUR_MS };
    const cert = pemOf(await papers.issue(order));
    const server = createServer({ key: papers.tlsKeyPem(), cert }, (_, response) => response.end());
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const reply = await statusOf({ port, ca, ...(isName && { name }) });
    server.close();
    return reply;
  };
  assert.equal(await asked("kitchen.local", true), 200);
  assert.equal(await asked("127.0.0.1", false), 200);
  assert.match(String(await asked("bank.example", true)), /permitted subtree violation/);
  const dns = await asked("8.8.8.8", false);
  assert.match(String(dns), /permitted subtree violation/);
});
