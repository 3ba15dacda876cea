import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { ServerResponse } from "node:http";
import test, { type TestContext } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { MattermostStandIn } from "./chat-mattermost.ts";
import { SlackStandIn } from "./chat-slack.ts";
import { run } from "./cli-harness.ts";
import { EdgeOffice, HOOK, HOT, SECRET } from "./edge-office.ts";
import { until } from "./three-rooms.ts";

const MAC = "3c:22:fb:01:02:03";
/** What a service asks to be left alone for. */
const WAIT_S = 2;

test("three nodes speak to the outside as one, whatever fails", async (context: TestContext) => {
  const office = await EdgeOffice.start(context);
  await context.test("advice is announced once everywhere, and again when it is so again", () =>
    announced(office),
  );
  await context.test("each question gets one answer, in its thread, and nobody is named", () =>
    answered(office),
  );
  await context.test("garbage, a refresh and being asked to wait are taken calmly", () =>
    disturbed(office),
  );
  await context.test("a service that goes away is found again when it is back", () => away(office));
  await context.test("kill -9 between hearing and answering: another one answers", () =>
    killed(office),
  );
  await context.test("a token that is refused is said once, and the node goes on", () =>
    refused(office),
  );
  const { slack, mattermost, broker } = office;
  const tries = office.called(HOOK).length + office.called("/topic").length;
  assert.equal(tries, 5, "said again when nothing had changed");
  assert.equal(office.called("/other").length, 0);
  assert.equal(broker.published.length, 2);
  for (const posts of [slack.posts, mattermost.posts]) {
    const texts = posts.map((post) => ("text" in post ? post.text : post.message));
    assert.equal(texts.filter((text) => /is in kitchen|out of reach/.test(text)).length, 1);
    assert.equal(texts.filter((text) => /humidity/.test(text)).length, 1);
  }
});

async function announced(office: EdgeOffice): Promise<void> {
  const { http, nodes, broker } = office;
  const toldAll = (times: number) =>
    until(`all are told ${times} times`, async () =>
      isDeepStrictEqual(office.heard(), Array(5).fill(times)),
    );
  http.busy.add(HOOK);
  await office.kitchenIs(26);
  await toldAll(1);
  await office.kitchenIs(23.4);
  await until("it is over", async () => {
    const all = await Promise.all(nodes.map((node) => node.text("/v1/health")));
    return all.every((text) => text.includes("nothing stands") && !/\d stand/.test(text));
  });
  await office.kitchenIs(25.5);
  await toldAll(2);
  const hooks = office.called(HOOK);
  const keys = hooks.map(({ headers }) => headers["idempotency-key"]);
  assert.deepEqual(keys, [keys[0], keys[0], keys[2]], "the first is tried again as the same");
  assert.notEqual(keys[0], keys[2]);
  for (const { headers, body } of hooks) {
    const hmac = createHmac("sha256", SECRET).update(body).digest("hex");
    assert.equal(headers["x-watercooler-signature-256"], `sha256=${hmac}`);
  }
  const { id, node, at, ...said } = JSON.parse(hooks.at(-1)?.body ?? "");
  const place = { room: "kitchen", kind: "temperature" };
  assert.deepEqual(said, { type: "advice", ...place, text: HOT, value: 25.5, unit: "degC" });
  assert.ok(nodes.some(({ plan }) => plan.name === node) && id && Date.parse(at) > 0);
  const [note] = office.called("/topic");
  assert.equal(note?.body, `Kitchen: ${HOT}`);
  assert.equal(note?.headers.authorization, "Bearer tk_hidden");
  assert.equal(broker.published[0]?.topic, "watercooler/announcements/kitchen");
}

async function answered({ slack, mattermost, nodes }: EdgeOffice): Promise<void> {
  const [first] = nodes;
  assert.equal(await first?.write("PUT", `/v1/people/Ana/devices/${MAC}`), 204);
  await until("all know Ana", async () => {
    const people = await Promise.all(nodes.map((node) => node.text("/v1/people")));
    return people.every((text) => text.includes("Ana"));
  });
  slack.posts.length = 0;
  mattermost.posts.length = 0;
  const ts = slack.mention("kitchen temp");
  const id = mattermost.write("@watercooler kitchen temp");
  mattermost.write("kitchen temp, said to nobody");
  mattermost.write("@watercoolers kitchen temp");
  mattermost.write("@watercooler kitchen temp", "channel", "bot1");
  await until("answers", async () => slack.posts.length > 0 && mattermost.posts.length > 0);
  const said = /^Kitchen: temperature 25\.5 degrees, .+, from kitchen\/box\.$/;
  const [post] = slack.posts;
  assert.match(post?.text ?? "", said);
  assert.deepEqual([post?.thread, post?.form.get("parse")], [ts, "none"]);
  assert.match(mattermost.posts[0]?.message ?? "", said);
  const { root_id, channel_id } = mattermost.posts[0] ?? {};
  assert.deepEqual([root_id, channel_id], [id, "town"]);
  slack.direct("who's in?");
  mattermost.write("set the kitchen to 21", "direct");
  slack.mention("where is &lt;@ana&gt; <!channel>");
  await until("more", async () => slack.posts.length > 2 && mattermost.posts.length > 1);
  const texts = slack.posts.map(({ text }) => text);
  assert.equal(texts.filter((text) => /names people is told only/.test(text)).length, 2);
  assert.doesNotMatch(texts.join(), /Ana|@\w|<[!@]/);
  assert.match(mattermost.posts[1]?.message ?? "", /watercooler target kitchen temperature 21/);
  const rooms = (await first?.text("/v1/rooms/kitchen")) ?? "";
  assert.match(rooms, /"targets":\{\}/, "a chat sets nothing");
}

async function disturbed({ slack, mattermost }: EdgeOffice): Promise<void> {
  for (const text of ["{", "[]", '{"type":"events_api","envelope_id":"x"}', '{"type":5}']) {
    slack.garble(text);
    mattermost.garble(text);
  }
  mattermost.tell({ event: "posted", data: { post: "{" }, seq: 3 });
  slack.give({ type: "app_mention", text: 5 });
  await until("a message that is no question is let go", async () => slack.unacknowledged === 0);
  const startMs = performance.now();
  const wait = (header: string) => (response: ServerResponse) => {
    response.writeHead(429, { [header]: String(WAIT_S), "content-type": "application/json" });
    response.end('{"ok":false,"error":"ratelimited"}');
  };
  slack.answers.push(wait("retry-after"));
  mattermost.answers.push(wait("x-ratelimit-reset"));
  slack.mention("kitchen humidity");
  mattermost.write("@watercooler kitchen humidity");
  await until("both ask to wait", async () =>
    [slack, mattermost].every((one) => one.answers.length === 0),
  );
  const opened = () => slack.calls.filter((call) => call === "apps.connections.open").length;
  const before = opened();
  slack.refresh();
  await until("all come again", async () => opened() >= before + 3 && slack.connections === 3);
  await until("answers", async () =>
    [slack.posts, mattermost.posts].every((posts) => /humidity/.test(JSON.stringify(posts))),
  );
  assert.ok(performance.now() - startMs > WAIT_S * 1_000, "it did not wait");
  await until("Slack gives nothing out again", async () => slack.unacknowledged === 0);
}

async function away(office: EdgeOffice): Promise<void> {
  const { slack, mattermost } = office;
  await slack.stop();
  await mattermost.stop();
  await office.checked("chat slack", /^degraded nobody listens there/);
  await office.checked("chat mattermost", /^degraded nobody listens there/);
  office.slack = await SlackStandIn.start(slack.port);
  office.mattermost = await MattermostStandIn.start(mattermost.port);
  office.slack.posts.push(...slack.posts);
  office.mattermost.posts.push(...mattermost.posts);
  await office.connected();
}

async function killed(office: EdgeOffice): Promise<void> {
  const { slack, mattermost } = office;
  const held: ServerResponse[] = [];
  const hold = (response: ServerResponse) => void held.push(response);
  slack.answers.push(hold);
  mattermost.answers.push(hold);
  slack.direct("warmest room");
  mattermost.write("@watercooler warmest room");
  await until("one each tries to answer", async () => held.length === 2);
  const dead = new Set(held.map(({ socket }) => office.nodeAt(socket?.remotePort ?? 0)));
  assert.ok(!dead.has(undefined) && dead.size > 0);
  for (const node of dead) await node?.end("SIGKILL");
  await until("others answer", async () =>
    [slack.posts, mattermost.posts].every((posts) =>
      /is in kitchen|out of reach/.test(JSON.stringify(posts)),
    ),
  );
  await until("Slack gives nothing out again", async () => slack.unacknowledged === 0);
}

async function refused(office: EdgeOffice): Promise<void> {
  const { slack, mattermost, living } = office;
  slack.botToken = "xoxb-other";
  mattermost.token = "other";
  slack.refresh();
  mattermost.hangUp();
  await office.checked("chat slack", /^degraded Slack refuses the bot token .*invalid_auth/);
  await office.checked("chat mattermost", /^degraded Mattermost refuses the bot's token/);
  for (const { log } of living) {
    assert.equal(log.match(/warn +no connection to slack detail=Slack refuses/g)?.length, 1, log);
    assert.doesNotMatch(log, /xoxb-\w|xapp-\w|hidden|Ana|\n {2,}at /);
  }
  const node = ["--node", living[0]?.api ?? ""];
  const doctor = await run(["doctor", ...node]);
  assert.match(doctor.stdout, /fail +node chat slack +Slack refuses the bot token/);
  const status = await run(["status", ...node]);
  assert.match(status.stdout, /chat mattermost degraded: Mattermost refuses the bot's token/);
}
