import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "node:test";
import type { GrantDocument } from "../../src/api/types.ts";
import { run } from "../integration/cli-harness.ts";
import { until } from "../integration/lan.ts";
import { freePorts, NodeProcess } from "../integration/node-process.ts";
import { MEET_MS_MAX } from "../integration/office-trio.ts";
import { launch } from "./chromium.ts";
import { bundled, LAN, put, skip } from "./page-writes.ts";

interface Made extends GrantDocument {
  readonly link: string;
  readonly token: string;
}

test("a grant's link lets a browser write over plain HTTP, till it is taken back", {
  skip,
}, async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-grant-"));
  const [meshPort = 0] = await freePorts(1);
  const node = new NodeProcess({
    name: "pi",
    data: join(folder, "data"),
    meshPort,
    peerPorts: [],
    sensors: [],
    more: { api: { listen: "0.0.0.0:0", read: "capability" } },
  });
  const browser = await launch();
  context.after(async () => {
    await browser.close();
    await node.end("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  node.start();
  await until(() => node.api !== undefined, MEET_MS_MAX, "its API answers");
  const port = new URL(node.api ?? "").port;
  const own = `http://127.0.0.1:${port}`;
  await until(async () => (await fetch(`${own}/v1/node`)).ok, MEET_MS_MAX, "it answers");
  const grant = async (...args: string[]): Promise<Made> => {
    const done = await run(["grant", ...args, "--json", "--node", own]);
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
  };
  const kitchen = await grant("--can", "target", "--room", "kitchen");
  const people = await grant("--can", "read-people");

  // From elsewhere on the LAN a command may read as much as its token lets it.
  const who = (...args: string[]) => run(["who", "--node", `http://${LAN}:${port}`, ...args]);
  assert.equal((await who()).code, 77);
  assert.equal((await who("--token", kitchen.token)).code, 77);
  const read = await who("--token", people.token);
  assert.equal(read.code, 0, read.stderr);

  const page = await browser.newPage();
  const sent: string[] = [];
  page.on("request", (request) => {
    sent.push(`${request.url()} ${JSON.stringify(request.headers())} ${request.postData()}`);
  });
  const code = await bundled();
  const open = async (link: string) => {
    const { hash } = new URL(link);
    await page.goto("about:blank");
    await page.goto(`http://${LAN}:${port}/${hash}`);
    await page.waitForFunction("location.hash === ''");
    await page.evaluate(code);
  };
  await open("http://x/");
  assert.equal(await page.evaluate("isSecureContext || crypto.subtle !== undefined"), false);
  const bare = await put(page, "kitchen");
  assert.ok(!bare.ok && bare.status === 401, "no grant, no write");

  await open(kitchen.link);
  await open(people.link);
  assert.ok((await put(page, "kitchen")).ok, "the grant's own room");
  const other = await put(page, "lab");
  assert.ok(!other.ok && other.status === 401, "another room is not asked for with it");
  const status = (how: string): Promise<number> =>
    page.evaluate(`${how}("/v1/people", { method: "GET" }).then(({ status }) => status)`);
  assert.equal(await status("fetch"), 401);
  assert.equal(await status("writing.signedFetch"), 200);
  const live = `writing.liveProtocols("/v1/live").then((protocols) => new Promise((told) => {
    const socket = new WebSocket("ws://" + location.host + "/v1/live", protocols);
    socket.onmessage = ({ data }) => { told(socket.protocol + data); socket.close(); };
    socket.onclose = () => told("closed");
  }))`;
  assert.match(await page.evaluate(live), /^watercooler\.v1\{"type":"snapshot"/);

  const seeds = [kitchen, people].map(({ link }) => link.split("#grant=")[1] ?? "");
  for (const seed of seeds) {
    assert.ok(seed.length === 43 && sent.every((text) => !text.includes(seed)), "never sent");
  }
  // Kept over a reload, and of no use once it is taken back.
  await open("http://x/");
  assert.ok((await put(page, "kitchen")).ok);
  assert.equal((await run(["revoke", kitchen.id, "--node", own])).code, 0);
  const dead = await put(page, "kitchen");
  assert.ok(!dead.ok && dead.status === 401 && /taken back/.test(dead.detail ?? ""));
});
