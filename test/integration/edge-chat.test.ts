import assert from "node:assert/strict";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import test from "node:test";
import type { HealthDocument } from "../../src/api/types.ts";
import { MattermostStandIn } from "./chat-mattermost.ts";
import { SlackStandIn } from "./chat-slack.ts";
import { run } from "./cli-harness.ts";
import type { NodeProcess } from "./node-process.ts";
import { threeRooms, until } from "./three-rooms.ts";

const MAC = "3c:22:fb:01:02:03";

const health = (node: NodeProcess) => node.get<HealthDocument>("/v1/health");
const count = (list: readonly { text?: string; message?: string }[], said: RegExp) =>
  list.filter(({ text, message }) => said.test(text ?? message ?? "")).length;

test("three nodes in two chats: one answer a question, whatever fails", async (context) => {
  let slack = await SlackStandIn.start();
  let mattermost = await MattermostStandIn.start();
  const chat = {
    slack: { app_token: "xapp-good", bot_token: "xoxb-good", api_url: slack.api },
    mattermost: { url: mattermost.url, token: "good" },
  };
  context.after(async () => {
    await slack.stop();
    await mattermost.stop();
  });
  const { nodes, push } = await threeRooms(context, { chat });
  const connected = () =>
    until("all are in both chats", async () => {
      const all = await Promise.all(nodes.map(health));
      return all.every((one) =>
        ["slack", "mattermost"].every((name) =>
          one?.checks[`chat ${name}`]?.detail.startsWith("connected as watercooler"),
        ),
      );
    });
  await connected();
  assert.equal(await push("kitchen", "temperature", 25.5), 202);
  const [first] = nodes;
  assert.equal(await first.write("PUT", `/v1/people/Ana/devices/${MAC}`), 204);
  await until("all know the kitchen's temperature and Ana", async () => {
    const rooms = await Promise.all(nodes.map((node) => node.text("/v1/rooms/kitchen")));
    const people = await Promise.all(nodes.map((node) => node.text("/v1/people")));
    return rooms.every((text) => text.includes("25.5")) && people.every((t) => t.includes("Ana"));
  });

  await context.test(
    "each question gets one answer, in its thread, and nobody is named",
    async () => {
      const ts = slack.mention("kitchen temp");
      const id = mattermost.write("@watercooler kitchen temp");
      mattermost.write("kitchen temp, said to nobody");
      mattermost.write("@watercoolers kitchen temp");
      mattermost.write("@watercooler kitchen temp", "channel", "bot1");
      await until("answers", async () => slack.posts.length > 0 && mattermost.posts.length > 0);
      assert.match(
        slack.posts[0]?.text ?? "",
        /^Kitchen: temperature 25\.5 degrees, .+ from kitchen/,
      );
      assert.equal(slack.posts[0]?.thread, ts);
      assert.equal(slack.posts[0]?.form.get("parse"), "none");
      assert.match(mattermost.posts[0]?.message ?? "", /^Kitchen: temperature 25\.5 degrees/);
      assert.deepEqual(
        [mattermost.posts[0]?.root_id, mattermost.posts[0]?.channel_id],
        [id, "town"],
      );
      slack.direct("who's in?");
      mattermost.write("set the kitchen to 21", "direct");
      slack.mention("where is &lt;@everybody&gt; <!channel>");
      await until("more", async () => slack.posts.length > 2 && mattermost.posts.length > 1);
      assert.equal(count(slack.posts, /names people is told only/), 2, JSON.stringify(slack.posts));
      assert.ok(
        slack.posts.every(({ text }) => !/Ana|@\w|<[!@]/.test(text)),
        JSON.stringify(slack.posts),
      );
      assert.match(mattermost.posts[1]?.message ?? "", /watercooler target kitchen temperature 21/);
      const rooms = await first.text("/v1/rooms/kitchen");
      assert.match(rooms, /"targets":\{\}/, "a chat sets nothing");
    },
  );

  await context.test("garbage and an asked-for refresh are taken calmly", async () => {
    const opened = () => slack.calls.filter((call) => call === "apps.connections.open").length;
    for (const text of ["{", "[]", '{"type":"events_api","envelope_id":"x"}', '{"type":5}']) {
      slack.garble(text);
      mattermost.garble(text);
    }
    mattermost.tell({ event: "posted", data: { post: "{" }, seq: 3 });
    slack.give({ type: "app_mention", text: 5 });
    await until("a message that is no question is let go", async () => slack.unacknowledged === 0);
    const before = opened();
    slack.refresh();
    await until("all came again", async () => opened() >= before + 3 && slack.connections === 3);
  });

  await context.test("who is asked to wait waits, and the others leave it to them", async () => {
    const before = { slack: slack.posts.length, mattermost: mattermost.posts.length };
    const startMs = performance.now();
    const wait = (header: string) => (response: ServerResponse) => {
      response.writeHead(429, { [header]: "3", "content-type": "application/json" });
      response.end('{"ok":false,"error":"ratelimited"}');
    };
    slack.answers.push(wait("retry-after"));
    mattermost.answers.push(wait("x-ratelimit-reset"));
    slack.mention("kitchen humidity");
    mattermost.write("@watercooler kitchen humidity");
    await until(
      "answers",
      async () => slack.posts.length > before.slack && mattermost.posts.length > before.mattermost,
    );
    assert.ok(performance.now() - startMs > 3_000, "it did not wait");
  });

  await context.test("a service that goes away is found again when it is back", async () => {
    const ports = [slack.port, mattermost.port];
    await slack.stop();
    await mattermost.stop();
    const posts = [...slack.posts];
    await until("health says so", async () => {
      const all = await Promise.all(nodes.map(health));
      return all.every((one) =>
        ["slack", "mattermost"].every((name) => one?.checks[`chat ${name}`]?.status === "degraded"),
      );
    });
    slack = await SlackStandIn.start(ports[0]);
    mattermost = await MattermostStandIn.start(ports[1]);
    slack.posts.push(...posts);
    await connected();
  });

  await context.test("kill -9 between hearing and answering: another one answers", async () => {
    const held: ServerResponse[] = [];
    const hold = (response: ServerResponse) => void held.push(response);
    slack.answers.push(hold);
    mattermost.answers.push(hold);
    slack.direct("warmest room");
    mattermost.write("@watercooler warmest room");
    await until("one each tries to answer", async () => held.length === 2);
    const pids = held.map(({ socket }) => pidAt(nodes, socket?.remotePort ?? 0));
    const dead = nodes.filter(({ pid }) => pids.includes(pid));
    assert.ok(dead.length > 0 && dead.length < 3);
    for (const node of dead) await node.end("SIGKILL");
    await until(
      "others answer",
      async () =>
        count(slack.posts, /is in kitchen|out of reach/) === 1 &&
        count(mattermost.posts, /is in kitchen|out of reach/) === 1,
    );
    await until("Slack gives nothing out again", async () => slack.unacknowledged === 0);
    for (const node of dead) node.start();
    await connected();
  });

  await context.test("a token that is refused is said once, and the node goes on", async () => {
    slack.botToken = "xoxb-other";
    mattermost.token = "other";
    slack.refresh();
    mattermost.hangUp();
    await until("health says so", async () => {
      const all = await Promise.all(nodes.map(health));
      return all.every(
        (one) =>
          /refuses the bot token .*invalid_auth/.test(one?.checks["chat slack"]?.detail ?? "") &&
          /refuses the bot's token/.test(one?.checks["chat mattermost"]?.detail ?? ""),
      );
    });
    for (const { log } of nodes) {
      assert.equal(log.match(/warn +no connection to slack detail=Slack refuses/g)?.length, 1, log);
      assert.doesNotMatch(log, /xoxb-\w|xapp-\w|Ana|\n {2,}at /);
    }
    assert.equal(await push("kitchen", "temperature", 26), 202);
    const doctor = await run(["doctor", "--node", first.api ?? ""]);
    assert.match(doctor.stdout, /fail +node chat slack +Slack refuses the bot token/);
    const status = await run(["status", "--node", first.api ?? ""]);
    assert.match(status.stdout, /chat mattermost degraded: Mattermost refuses the bot's token/);
  });

  assert.equal(count(slack.posts, /humidity/), 1);
  assert.equal(count(mattermost.posts, /humidity/), 0, "of the second stand-in");
  assert.equal(count(mattermost.posts, /is in kitchen|out of reach/), 1);
  assert.equal(count(slack.posts, /is in kitchen|out of reach/), 1);
});

/** The process that has a connection of this machine from a port. */
function pidAt(nodes: readonly NodeProcess[], port: number): number | undefined {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  const line = readFileSync("/proc/net/tcp", "utf8")
    .split("\n")
    .map((one) => one.trim().split(/\s+/))
    .find(([, local]) => local === `0100007F:${hex}`);
  const inode = line?.[9];
  return nodes
    .map(({ pid }) => pid)
    .find((pid) => {
      const folder = `/proc/${pid}/fd`;
      return readdirSync(folder).some((fd) => readlink(join(folder, fd)) === `socket:[${inode}]`);
    });
}

function readlink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
