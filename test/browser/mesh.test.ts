import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test, { after, before, type TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import type {
  MeshDocument,
  NodeDocument,
  PlanDocument,
  RoomTargetDocument,
} from "../../src/api/types.ts";
import { until } from "../integration/lan.ts";
import { freePorts } from "../integration/node-process.ts";
import { card, go, launch, reads, repository, shoot, skip, WALL } from "./chromium.ts";

/** What starting, parting or meeting again may take on a loaded machine. */
const MEET_MS_MAX = 60_000;
/** How often a change's way to the page is measured. */
const MEASURED = 15;

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

interface Demo {
  readonly urls: readonly string[];
  readonly child: ChildProcess;
}

/** A demo of three real nodes, and where their pages are. */
async function startDemo(context: TestContext): Promise<Demo> {
  const [port = 0] = await freePorts(1);
  const program = join(repository(), "bin/watercooler.js");
  const args = [program, "demo", "--nodes", "3", "--json", "--port", String(port)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  context.after(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  });
  let said = "";
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.trimEnd().endsWith("}")) break;
  }
  const { nodes } = JSON.parse(said) as { nodes: readonly { api: string }[] };
  const urls = nodes.map(({ api }) => api);
  const met = async () => (await mesh(urls[0] ?? "")).active.length === 2;
  await until(met, MEET_MS_MAX, "all three meet");
  return { urls, child };
}

async function mesh(url: string): Promise<MeshDocument> {
  return (await (await fetch(`${url}/v1/mesh`)).json()) as MeshDocument;
}

async function targetOn(url: string): Promise<RoomTargetDocument> {
  const reply = await fetch(`${url}/v1/targets/kitchen/temperature`);
  return (await reply.json()) as RoomTargetDocument;
}

function push(url: string, value: number): Promise<Response> {
  const body = JSON.stringify({ sensor: "pushed", kind: "light", value, room: "desk" });
  const headers = { "content-type": "application/json" };
  return fetch(`${url}/v1/readings`, { method: "POST", headers, body });
}

/** The process that runs one node of the demo. */
function pidOf({ child }: Demo, name: string): number {
  const children = readdirSync("/proc").filter((entry) => {
    try {
      const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
      const parent = Number(/\) \w (\d+)/.exec(stat)?.[1]);
      const line = readFileSync(`/proc/${entry}/cmdline`, "utf8");
      return parent === child.pid && line.includes(`${name}.yaml`);
    } catch {
      return false;
    }
  });
  return Number(children[0]);
}

/** How long after a reading came to its node it stood on the page, in milliseconds. */
async function delays(page: Page, url: string): Promise<readonly number[]> {
  const found: number[] = [];
  for (let at = 0; at < MEASURED; at++) {
    // More than the deadband of light lets by.
    const value = (at % 2 === 0 ? 1_000 : 5_000) + at;
    const text = value.toLocaleString("en");
    const shown = page.evaluate(`new Promise((done, fail) => {
      setTimeout(() => fail(new Error("${text} is not on the page")), ${MEET_MS_MAX});
      const timer = setInterval(() => {
        const all = [...document.querySelectorAll("dd .value")];
        if (!all.some((one) => one.textContent === "${text}")) return;
        clearInterval(timer);
        done();
      }, 5);
    })`);
    const startMs = performance.now();
    await push(url, value);
    await shown;
    found.push(performance.now() - startMs);
  }
  return found.sort((left, right) => left - right);
}

test("on a real mesh: a target, a split and its heal, and a node that dies under the page", {
  skip,
}, async (context) => {
  assert.ok(browser);
  const demo = await startDemo(context);
  const [home = "", second = "", third = ""] = demo.urls;
  const session = await browser.newContext({ viewport: WALL });
  context.after(() => session.close());
  const page = await session.newPage();
  page.setDefaultTimeout(MEET_MS_MAX);
  const wrong: string[] = [];
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) wrong.push(message.text());
  });
  await page.goto(home);
  await reads(card(page, "Kitchen"), /°C.*simulated|simulated.*°C/);

  // A target set on this page is known to every node.
  await card(page, "Kitchen").getByRole("button", { name: "Set a target" }).click();
  await card(page, "Kitchen").getByRole("button", { name: "Raise the target" }).click();
  await card(page, "Kitchen")
    .getByText(/above target|below target|on target/)
    .waitFor();
  const told = async () => (await targetOn(third)).value !== undefined;
  await until(told, MEET_MS_MAX, "the third node knows the target");

  // What this page is told of the floor plan by another node, and its own node's new name.
  const plan = JSON.stringify({ places: { kitchen: { x: 0.25, y: 0.5 } } });
  const headers = { "content-type": "application/json" };
  await fetch(`${second}/v1/plan`, { method: "PUT", headers, body: plan });
  await page.getByRole("link", { name: "As a floor plan" }).click();
  const pin = page.locator(".plan .pin", { hasText: "Kitchen" });
  await page.locator('.pin[style*="left: 25%"]', { hasText: "Kitchen" }).waitFor();
  await page.getByRole("button", { name: "Place rooms" }).click();
  await pin.press("ArrowRight");
  const placed = async () => {
    const known = (await (await fetch(`${third}/v1/plan`)).json()) as PlanDocument;
    return known.places["kitchen"]?.x === 0.27;
  };
  await until(placed, MEET_MS_MAX, "the third node knows where the kitchen is");
  await go(page, "Set-up");
  await page.getByLabel("Its room").fill("Entrance Hall");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByText("Saved: every node will know it so.").waitFor();
  await page.getByRole("button", { name: "Make an invitation" }).click();
  await page.getByText(/watercooler join [\w-]{20}/).waitFor();
  const named = async () => {
    const known = (await (await fetch(`${third}/v1/nodes`)).json()) as NodeDocument[];
    return known.some(({ room }) => room === "entrance-hall");
  };
  await until(named, MEET_MS_MAX, "the third node knows the new room");
  await go(page, "Office");

  const spans = await delays(page, home);
  const median = spans[Math.floor(spans.length / 2)] ?? 0;
  console.log(`a change is on the page after ${Math.round(median)} ms (median)`);

  // A room's own page draws what the node kept, and gives it as a file.
  await card(page, "Kitchen").getByRole("link", { name: "Kitchen" }).click();
  await page.locator(".chart canvas").waitFor();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV · Kitchen" }).click();
  const file = await saving;
  assert.equal(file.suggestedFilename(), "kitchen-temperature.csv");
  assert.match(readFileSync(await file.path(), "utf8"), /^time,mean \(degC\),[^\n]*\n\d{4}-/);
  await go(page, "Office");

  // The demo is cut in two and healed by a button.
  await go(page, "Mesh");
  await page.getByRole("img", { name: "3 nodes, 3 links between them" }).waitFor();
  await page.getByRole("button", { name: "Cut the office in two" }).click();
  await page.getByRole("img", { name: /^3 nodes, 1 links between them/ }).waitFor();
  await until(async () => (await mesh(third)).active.length === 0, MEET_MS_MAX, "the cut");
  await shoot(page, "cut");
  await page.getByRole("button", { name: "Join the halves again" }).click();
  await page.getByRole("img", { name: "3 nodes, 3 links between them" }).waitFor();
  const agreed = async () => {
    const digests = await Promise.all(demo.urls.map(async (url) => (await mesh(url)).digest));
    return new Set(digests).size === 1;
  };
  await until(agreed, MEET_MS_MAX, "all hold the same again");

  // The node that gave this page dies; the page goes on from another, without a reload.
  await page.evaluate("window.sameDocument = true");
  await go(page, "Office");
  process.kill(pidOf(demo, "open-space-pi"), "SIGKILL");
  await page.getByText(/does not answer: .* tells what you see/).waitFor();
  await push(second, 4_321);
  await reads(card(page, "Desk"), /4,321/);
  assert.equal(await page.evaluate("window.sameDocument"), true);
  await shoot(page, "elsewhere");
  const link = page.getByRole("link", { name: /^Open the page of/ }).first();
  assert.ok(
    [second, third].some((url) => url !== ""),
    "others are there",
  );
  await link.click();
  await reads(card(page, "Desk"), /4,321/);
  assert.deepEqual(wrong, []);
});
