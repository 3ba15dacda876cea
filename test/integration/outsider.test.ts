import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { FactDocument, TargetDocument } from "../../src/api/types.ts";
import { Capture, captureMissing, framesOf, streamsTo } from "./capture.ts";
import { Lan, lanMissing, until } from "./lan.ts";

const PLAY = fileURLToPath(new URL("./outsider-play.js", import.meta.url));
const PERSON = "Zacharias Quillfeather";
/** Its letters in a row are found whatever is around them. */
const FAMILY_NAME = "Quillfeather";
const MAC = "3c:22:fb:0a:0b:0c";
const START_MS_MAX = 60_000;
const PLAY_MS_MAX = 120_000;
const skip = lanMissing() || captureMissing();

interface Try {
  readonly what: string;
  readonly holds: boolean;
  readonly seen: string;
}

test("an outsider with both ports and a capture of a whole join gets nothing and changes nothing", {
  skip,
}, async (t) => {
  const lan = new Lan([undefined, undefined, undefined], {
    api: { listen: "0.0.0.0:8080", read: "capability" },
    neighbours: { record: "none" },
  });
  const [a, b, outsider] = lan.hosts;
  assert.ok(a && b && outsider);
  const capture = new Capture(lan.switchName, join(lan.folder, "capture"));
  t.after(async () => {
    await capture.stop();
    await lan.remove();
  });
  await capture.start();
  a.start();
  const name = encodeURIComponent(PERSON);
  const register = () => a.send("PUT", `/v1/people/${name}/devices/${MAC}`).status === "204";
  await until(register, START_MS_MAX, "the person is registered at the first node");
  assert.equal(a.send("PUT", "/v1/targets/room-0/temperature", { value: 21 }).status, "200");
  // The capture has all of the second node's way in: finding, TLS, hello, and the whole state.
  b.start();
  const knows = () => JSON.stringify(b.get("/v1/people") ?? "").includes(PERSON);
  await until(knows, START_MS_MAX, "the second node knows the person");

  const state = () => ({
    people: a.get("/v1/people"),
    target: a.get<TargetDocument>("/v1/targets/room-0/temperature")?.value,
    nodes: (a.get<{ id: string }[]>("/v1/nodes") ?? []).map(({ id }) => id).sort(),
    // All that is said, and by whom; when it was said goes on by itself.
    facts: (a.get<FactDocument[]>("/v1/facts") ?? []).map(({ entity, attribute, value, from }) =>
      [entity, attribute, value, from].join(" "),
    ),
  });
  const before = state();
  assert.deepEqual([before.target, before.nodes.length], [21, 2]);
  assert.ok(before.facts.length > 4, before.facts.join());
  const play = ["netns", "exec", outsider.name, process.execPath, PLAY];
  const args = [...play, a.address, capture.path, FAMILY_NAME, MAC];
  const { stdout } = await promisify(execFile)("ip", args, { timeout: PLAY_MS_MAX });
  const tries = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Try);
  assert.deepEqual(
    tries.filter(({ holds }) => !holds),
    [],
  );
  assert.ok(tries.length >= 11, `${tries.length} tries`);
  assert.deepEqual(state(), before);
  assert.ok(a.isRunning && b.isRunning);

  await capture.stop();
  const seen = capture.bytes();
  // The capture is one: it has the nodes' TLS and their announcements.
  assert.ok(streamsTo(seen, 7946).length > 0);
  assert.ok(seen.includes("_watercooler"));
  for (const told of [PERSON, FAMILY_NAME, FAMILY_NAME.toLowerCase()]) {
    for (const encoding of ["utf8", "utf16le"] as const) {
      assert.ok(!seen.includes(Buffer.from(told, encoding)), `${told} as ${encoding}`);
    }
  }
  t.diagnostic(`${tries.length} tries, ${[...framesOf(seen)].length} packets captured`);
});
