import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import test, { type TestContext } from "node:test";
import {
  assertFailed,
  assertNoTrace,
  type Cli,
  processesWith,
  run,
  start,
  until,
} from "./cli-harness.ts";

const END_MS_MAX = 2_000;
/** Away from the usual port, where somebody's own demo may run. */
const PORT = "18480";

interface Office {
  readonly dashboard: string;
  readonly nodes: readonly { readonly name: string; readonly api: string }[];
  readonly data: string;
}

async function demo(context: TestContext): Promise<{ cli: Cli; office: Office }> {
  const cli = start(context, ["demo", "--nodes", "3", "--port", PORT, "--json"]);
  await until(`the office: ${cli.stderr}`, () => cli.stdout.endsWith("}\n"));
  return { cli, office: JSON.parse(cli.stdout) };
}

function parentOf(pid: number): number {
  try {
    return Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
  } catch {
    return 0;
  }
}

async function aliveAt(api: string): Promise<number> {
  const { code, stdout } = await run(["status", "--json", "--node", api]);
  if (code !== 0) return 0;
  const { nodes } = JSON.parse(stdout) as { nodes: readonly { readonly state: string }[] };
  return nodes.filter(({ state }) => state === "alive").length;
}

test("demo: an office that answers; Ctrl-C ends all of it", async (context) => {
  const { cli, office } = await demo(context);
  assert.equal(office.nodes.length, 3);
  assert.match(office.dashboard, /^http:\/\/127\.0\.0\.1:\d+\/$/);
  let alive = 0;
  for (let tries = 0; alive < 3 && tries < 100; tries++) alive = await aliveAt(office.dashboard);
  assert.equal(alive, 3);
  assert.equal(processesWith(office.data).length, 3);
  const { code, tookMs, stderr } = await cli.interrupt();
  assert.equal(code, 0, stderr);
  assert.ok(tookMs < END_MS_MAX, `${tookMs} ms`);
  assert.deepEqual(processesWith(office.data), []);
  assert.ok(!existsSync(office.data), "its data is still there");
  assertNoTrace({ stdout: cli.stdout, stderr });
});

test("demo: its nodes end with it, also when it is killed", async (context) => {
  const { cli, office } = await demo(context);
  assert.equal(processesWith(office.data).length, 3);
  context.after(() => rmSync(office.data, { recursive: true, force: true }));
  cli.child.kill("SIGKILL");
  await until("the nodes' end", () => processesWith(office.data).length === 0);
});

test("demo: Ctrl-C while it starts leaves nothing behind", async (context) => {
  const cli = start(context, ["demo", "--nodes", "3", "--port", PORT]);
  const children = () =>
    processesWith("watercooler-demo-").filter((pid) => parentOf(pid) === cli.pid);
  await until("its first node", () => children().length > 0);
  const pids = children();
  const { code, tookMs, stderr } = await cli.interrupt();
  assert.equal(code, 0, stderr);
  assert.ok(tookMs < END_MS_MAX, `${tookMs} ms`);
  const left = processesWith("watercooler-demo-").filter((pid) => pids.includes(pid));
  assert.deepEqual(left, []);
  assertNoTrace({ stdout: cli.stdout, stderr });
});

test("demo: a node that ends is told of, the others carry on", async (context) => {
  const { cli, office } = await demo(context);
  const [pid = 0] = processesWith(`${office.data}/kitchen-pi.yaml`);
  process.kill(pid, "SIGKILL");
  await until("the line", () => /^kitchen-pi ended; the others carry on$/m.test(cli.stderr));
  assert.equal((await run(["status", "--node", office.dashboard])).code, 0);
  assert.equal((await cli.interrupt()).code, 0);
});

test("demo: no place for its data is one line", async () => {
  const ended = await run(["demo"], { TMPDIR: "/nonexistent" });
  assertFailed(ended, 1, /in \/nonexistent: set TMPDIR/);
});

test("demo: no free ports is one line", async (context) => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(65_535, "127.0.0.1", resolve));
  context.after(() => taken.close());
  const ended = await run(["demo", "--nodes", "2", "--port", "65535"]);
  assertFailed(ended, 1, /no 2 free ports from 65535 up: use --port/);
});
