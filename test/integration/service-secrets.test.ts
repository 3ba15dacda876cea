import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { MINUTE_MS } from "../../src/base/time.ts";
import { checkConfig } from "../../src/config/check.ts";
import { folder, run, until, writeConfig } from "./cli-harness.ts";
import { serve } from "./service-node.ts";

const WATCHDOG_MS = 60_000;
/** No part of it is a word that a node has of its own. */
const MARK = "SeCrEt";
const secret = (what: string, begins = "") => `${begins}${MARK}-${what}`;

const hasSystemd = spawnSync("systemd-notify", ["--version"]).status === 0;
const skip = hasSystemd ? false : "systemd-notify is missing: apt-get install systemd";

/** Refuses whoever asks, and says back what it was told, as a careless server does. */
async function refuser(context: TestContext): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      const error = `${request.url} ${request.headers.authorization} ${body}`;
      response.writeHead(401, { "content-type": "application/json" });
      response.end(JSON.stringify({ ok: false, error, message: error }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  context.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Secrets in every place that takes one. */
function secretive(host: string) {
  return {
    mqtt: { url: `mqtt://user:${secret("broker")}@127.0.0.1:1`, password: secret("mesh") },
    influx: { url: `http://${host}/${secret("base")}`, bucket: "b", token: secret("influx") },
    announce: [
      { to: "webhook", url: `http://${host}/${secret("hook")}`, secret: secret("signing") },
      { to: "webhook", url: `http://127.0.0.1:1/${secret("closed")}` },
      { to: "ntfy", url: `http://${host}/${secret("topic")}`, token: secret("ntfy") },
      { to: "mqtt", username: "user", password: secret("password") },
      { to: "slack", channel: "#office" },
      { to: "mattermost", channel: "team/office" },
    ],
    chat: {
      slack: {
        app_token: secret("app", "xapp-"),
        bot_token: secret("bot", "xoxb-"),
        api_url: `http://${host}/api/`,
      },
      mattermost: { url: `http://${host}`, token: secret("mattermost") },
    },
  };
}

test("no secret is ever told, whatever fails", { skip }, async (context) => {
  const host = await refuser(context);
  const config = {
    node: { name: "desk", room: "lab" },
    mesh: { listen: "127.0.0.1:0", discovery: "off" },
    api: { listen: "127.0.0.1:0" },
    neighbours: { record: "none" },
    sensors: [{ platform: "push", name: "climate" }],
    advice: [{ kind: "temperature", above: 24, say: "hot" }],
    log: { level: "debug" },
    ...secretive(host),
  };
  const startMs = performance.now();
  const node = await serve(context, config, WATCHDOG_MS);
  const text = async (path: string) => (await fetch(`${node.api}${path}`)).text();
  const body = JSON.stringify({ sensor: "climate", kind: "temperature", value: 30 });
  const headers = { "content-type": "application/json" };
  await fetch(`${node.api}/v1/readings`, { method: "POST", headers, body });
  const failing = /announcing to .+? failed/g;
  await until("announcements fail", () => (node.log.match(failing) ?? []).length >= 3);
  await until("chats fail", () => /slack/i.test(node.log) && /mattermost/i.test(node.log));
  const paths = ["/v1/health", "/v1/node", "/v1/mesh", "/v1/facts", "/metrics"];
  const answers = await Promise.all(paths.map(text));
  assert.match(answers.join(), /HTTP 401|refuse/);

  const good = readFileSync(node.config, "utf8");
  const wrongs = [
    good.replace("http://", "gopher://"),
    good.replace('"mqtt":{', '"mqtt":{"pasword":"SeCrEt-misspelt",'),
    good.slice(0, -2),
  ];
  for (const wrong of wrongs) {
    assert.notEqual(wrong, good);
    writeFileSync(node.config, wrong);
    await node.reload();
    assert.match(node.status, /refused/);
  }
  answers.push(await text("/v1/health"));
  const rootKey = readFileSync(join(node.config, "../data/mesh-root-key.txt"), "utf8").trim();
  node.child.kill("SIGTERM");
  await node.ended;
  const said = [node.log, ...node.heard.flatMap(({ lines }) => lines), ...answers].join("\n");
  assert.doesNotMatch(said, new RegExp(MARK));
  for (const word of rootKey.split(/\s+/).filter((one) => one.length > 20)) {
    assert.ok(!said.includes(word), "the root key was told");
  }
  assert.doesNotMatch(said, /PRIVATE KEY/);
  // Each kind of failure at once, and then once a minute.
  const kinds = (node.log.match(/^<4>announcing to .+? failed/gm) ?? []).map(String);
  const minutes = Math.floor((performance.now() - startMs) / MINUTE_MS);
  assert.ok(kinds.length >= 3, node.log);
  assert.ok(kinds.length <= new Set(kinds).size * (1 + minutes), node.log);
});

test("no secret is shown where the file is wrong", async (context) => {
  const wrong = [
    { mesh: { invite: [secret("invite")] } },
    { mqtt: { url: [secret("url")] } },
    { mqtt: secret("mqtt") },
    { influx: [secret("influx")] },
    { announce: [secret("item")] },
    { announce: [{ to: "webhook", url: secret("hook"), secret: { is: secret("signing") } }] },
    { announce: [{ to: "ntfy", url: `ftp://${secret("topic")}`, token: [secret("ntfy")] }] },
    { chat: { slack: { app_token: secret("app"), bot_token: secret("bot") } } },
    { chat: { slack: secret("slack") } },
    { chat: { mattermost: { url: secret("url"), token: 5 } } },
  ];
  for (const one of wrong) {
    const checked = await checkConfig("a.yaml", JSON.stringify(one));
    assert.ok(!checked.ok, JSON.stringify(one));
    assert.doesNotMatch(checked.error.join("\n"), new RegExp(MARK));
  }
  const place = folder(context);
  const invited = writeConfig(join(place, "invited.yaml"), {
    data: join(place, "data"),
    mesh: { invite: secret("invite"), listen: "127.0.0.1:0", discovery: "off" },
    api: { listen: "" },
  });
  const ended = await run(["up", "--config", invited]);
  assert.notEqual(ended.code, 0);
  assert.doesNotMatch(ended.stdout + ended.stderr, new RegExp(MARK));
});
