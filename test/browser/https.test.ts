import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import { enrol } from "../../src/trust/enrol.ts";
import { generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { run } from "../integration/cli-harness.ts";
import { until } from "../integration/lan.ts";
import { freePorts, NodeProcess } from "../integration/node-process.ts";
import { MEET_MS_MAX } from "../integration/office-trio.ts";
import { launch } from "./chromium.ts";
import { bundled, LAN, skip as noBrowser, put } from "./page-writes.ts";

/** What puts a certificate where Chromium looks for those that its user trusts. */
const CERTUTIL = "certutil";
const noTool =
  spawnSync(CERTUTIL, ["-H"]).error !== undefined && "no certutil: apt install libnss3-tools";
const skip = noBrowser || noTool;

/** A browser's home in which its user has installed this certificate. */
function homeThatTrusts(home: string, pem: string): void {
  const store = join(home, ".pki/nssdb");
  mkdirSync(store, { recursive: true });
  writeFileSync(join(home, "authority.crt"), pem);
  const database = ["-d", `sql:${store}`];
  for (const args of [
    ["-N", ...database, "--empty-password"],
    ["-A", ...database, "-n", "office", "-t", "C,,", "-i", join(home, "authority.crt")],
  ]) {
    const { status, stderr } = spawnSync(CERTUTIL, args);
    assert.equal(status, 0, String(stderr));
  }
}

test("a browser with the mesh's authority reads, follows and writes over HTTPS, none without", {
  skip,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-secure-"));
  const data = join(folder, "data");
  const root = identityFromPem(generateKeyPem());
  assert.ok(root.ok);
  enrol(data, root.value, "admin");
  const [meshPort = 0, port = 0] = await freePorts(2);
  const node = new NodeProcess({
    name: "pi",
    data,
    meshPort,
    peerPorts: [],
    sensors: [],
    more: { api: { listen: "127.0.0.1:0", https: `0.0.0.0:${port}` } },
  });
  // As mDNS would say on the office's network.
  const flags = [`--host-resolver-rules=MAP pi.local ${LAN}`];
  const [trusting, strange] = ["trusting", "strange"].map((name) => join(folder, name));
  const opened: { close(): Promise<void> }[] = [];
  context.after(async () => {
    for (const one of opened) await one.close();
    await node.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  const pageIn = async (home = "") => {
    mkdirSync(home, { recursive: true });
    const browser = await launch({ home, flags });
    opened.push(browser);
    return await browser.newPage();
  };
  node.start();
  let pem = "";
  await until(
    async () => {
      pem = node.api === undefined ? "" : await node.text("/v1/authority.crt");
      return pem.includes("CERTIFICATE");
    },
    MEET_MS_MAX,
    "the mesh has an authority",
  );
  homeThatTrusts(trusting ?? "", pem);
  const url = `https://pi.local:${port}/`;

  const warned = await pageIn(strange);
  await assert.rejects(warned.goto(url), /ERR_CERT_AUTHORITY_INVALID/);

  const page = await pageIn(trusting);
  const sockets: string[] = [];
  page.on("websocket", (socket) => sockets.push(socket.url()));
  const certified = () =>
    page.goto(url).then(
      () => true,
      () => false,
    );
  await until(certified, MEET_MS_MAX, "the node has its certificate");
  await page.getByRole("status").filter({ hasText: "live" }).waitFor();
  assert.deepEqual([...new Set(sockets)], [`wss://pi.local:${port}/v1/live`]);
  assert.equal(await page.evaluate("isSecureContext"), true);
  const wrong = page.goto(`https://localhost:${port}/`);
  await assert.rejects(wrong, /ERR_CERT_COMMON_NAME_INVALID/, "another name than it was signed");

  const own = node.api ?? "";
  const made = await run([
    "grant",
    "--can",
    "target",
    "--room",
    "kitchen",
    "--json",
    "--node",
    own,
  ]);
  assert.equal(made.code, 0, made.stderr);
  const { link } = JSON.parse(made.stdout) as { link: string };
  const code = await bundled();
  const open = async (hash: string) => {
    await page.goto("about:blank");
    await page.goto(url + hash);
    await page.evaluate(code);
  };
  await open("");
  const bare = await put(page, "kitchen");
  assert.ok(!bare.ok && bare.status === 401, "no grant, no write");
  await open(new URL(link).hash);
  const written = await put(page, "kitchen");
  assert.ok(written.ok, written.detail);
  assert.equal((await fetch(`${own}/v1/targets/kitchen/temperature`)).status, 200);
});
