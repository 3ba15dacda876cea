import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { freePorts } from "./node-process.ts";
import { THREE_ROOMS, threeRooms, until } from "./three-rooms.ts";

const DEPLOY = fileURLToPath(new URL("../../../../deploy/", import.meta.url));
const CONFIG = join(DEPLOY, "prometheus/prometheus.yml");
const hasAll = ["promtool", "prometheus"].every(
  (tool) => spawnSync(tool, ["--version"]).error === undefined,
);
const skip = hasAll ? false : "needs Debian's package prometheus";

const PUSHED = {
  temperature: 21.5,
  humidity: 40,
  co2: 700,
  sound: 41,
  light: 300,
  motion: true,
} as const;

interface Panel {
  readonly title: string;
  readonly targets?: readonly { readonly expr: string }[];
}

/** Every question that the dashboard asks, for all rooms. */
function dashboardQueries(): readonly string[] {
  const text = readFileSync(join(DEPLOY, "grafana/watercooler.json"), "utf8");
  const { panels } = JSON.parse(text) as { panels: readonly Panel[] };
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  return queries.map((query) => query.replaceAll("$room", ".*"));
}

function alertQueries(): readonly string[] {
  const text = readFileSync(join(DEPLOY, "prometheus/alerts.yml"), "utf8");
  return [...text.matchAll(/^\s+expr: (.+)$/gm)].map(([, query = ""]) => query);
}

test("promtool takes the example's files", { skip }, () => {
  for (const [what, file] of [
    ["config", "prometheus.yml"],
    ["rules", "alerts.yml"],
  ] as const) {
    const { status, stdout, stderr } = spawnSync(
      "promtool",
      ["check", what, join(DEPLOY, "prometheus", file)],
      { encoding: "utf8" },
    );
    assert.equal(status, 0, stdout + stderr);
  }
});

test("a mesh as Prometheus sees it: found by one URL, each reading once, all panels filled", {
  skip,
}, async (context) => {
  const mesh = await threeRooms(context);
  for (const room of THREE_ROOMS) {
    for (const [kind, value] of Object.entries(PUSHED)) {
      assert.equal(await mesh.push(room, kind as keyof typeof PUSHED, value), 202);
    }
  }
  const [first, second] = mesh.nodes;
  const text = await first.text("/metrics");
  const lint = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  assert.equal(lint.status, 0, lint.stderr);
  assert.equal(lint.stdout + lint.stderr, "");

  const query = await prometheus(context, [first.api ?? "", second.api ?? ""]);
  await until("all three scraped", async () => (await query("up == 1")).length === 3);
  const [one] = await query('up{node_name="kitchen"}');
  assert.equal(one?.["room"], "kitchen");
  const readings = THREE_ROOMS.length * Object.keys(PUSHED).length;
  await until("each reading once", async () => {
    const found = (await query("watercooler_reading")).length;
    assert.ok(found <= readings, `${found} series of ${readings} readings`);
    return found === readings;
  });
  for (const each of dashboardQueries()) {
    await until(`an answer to ${each}`, async () => (await query(each)).length > 0);
  }
  for (const each of alertQueries()) {
    assert.deepEqual(await query(each), [], "nothing is wrong here");
    const [, name = ""] = /(\w+)\{|(\w+) ==/.exec(each)?.filter((part) => part !== undefined) ?? [];
    assert.ok((await query(name)).length > 0, `there is no ${name}`);
  }
});

/** Starts Prometheus with the example's files; gives what asks it for the labels of a query. */
async function prometheus(context: TestContext, nodes: readonly [string, string]) {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-prometheus-"));
  cpSync(join(DEPLOY, "prometheus"), folder, { recursive: true });
  const example = readFileSync(CONFIG, "utf8");
  const [first, second] = nodes;
  const config = example
    .replace("http://meeting-room-pi.local:8080", first)
    .replace("http://kitchen-pi.local:8080", second)
    .replace("scrape_interval: 30s", "scrape_interval: 1s");
  assert.ok(config.includes(first) && config.includes(second) && config.includes(" 1s"));
  writeFileSync(join(folder, "prometheus.yml"), config);
  const [port] = await freePorts(1);
  const args = [
    `--config.file=${folder}/prometheus.yml`,
    `--storage.tsdb.path=${folder}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ];
  const child = spawn("prometheus", args, { stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  context.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });
  return async (query: string): Promise<readonly Readonly<Record<string, string>>[]> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(query)}`;
    const reply = await fetch(url).catch(() => undefined);
    // It is not there yet, or reads its log.
    if (reply === undefined || reply.status === 503) return [];
    const { status, data, error } = (await reply.json()) as {
      status: string;
      error?: string;
      data: { result: readonly { readonly metric: Record<string, string> }[] };
    };
    assert.equal(status, "success", `${query}: ${error}`);
    return data.result.map(({ metric }) => metric);
  };
}
