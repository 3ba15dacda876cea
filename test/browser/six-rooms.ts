import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, Page } from "playwright-core";
import type { NodeId } from "../../src/base/id.ts";
import type { ReadingView } from "../../src/office/views.ts";
import { FakeOffice, idOf, node, reading } from "../integration/api-fake-office.ts";
import { WAIT_MS_MAX } from "../integration/api-harness.ts";
import { repository } from "./chromium.ts";

/** The page as it was built for people. */
export const staticDir = join(repository(), "dist/dashboard");

export interface Seen {
  readonly page: Page;
  /** Requests to anywhere but the node, and what the page's policy refused. */
  readonly wrong: readonly string[];
}

type Look = Parameters<Browser["newContext"]>[0];

export async function open(
  browser: Browser | undefined,
  context: TestContext,
  port: number,
  look: Look = {},
): Promise<Seen> {
  assert.ok(browser);
  const session = await browser.newContext({ viewport: { width: 1_100, height: 900 }, ...look });
  context.after(() => session.close());
  const page = await session.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX * 4);
  const wrong: string[] = [];
  page.on("request", (request) => {
    const { host } = new URL(request.url());
    if (host !== `127.0.0.1:${port}`) wrong.push(`asked ${request.url()}`);
  });
  page.on("pageerror", (error) => wrong.push(`threw ${error.message}`));
  page.on("console", (message) => {
    if (/Content.Security.Policy|Refused to/i.test(message.text())) wrong.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  return { page, wrong };
}

const NAMES = ["boardroom-pi", "hall-pi", "kitchen-pi", "library-pi", "studio-pi", "workshop-pi"];

export function officeOfSix(): FakeOffice {
  const office = new FakeOffice();
  const ids: readonly NodeId[] = NAMES.map((_, at) => idOf(at + 1));
  office.nodeList = NAMES.map((name, at) => {
    const links = [1, 2, 4, 5].map((step) => ids[(at + step) % ids.length] ?? idOf(1));
    // Nobody listens there: a page whose node died is refused at once.
    return node(at + 1, name, { links, api: ["http://127.0.0.1:9"] });
  });
  const of = (at: number, over: Partial<ReadingView> & { kind: ReadingView["kind"] }) => {
    const name = NAMES[at] ?? "";
    const room = name.replace("-pi", "");
    return reading({ node: idOf(at + 1), room, sensor: `${name}/climate`, ...over });
  };
  office.readingList = [
    of(0, { kind: "temperature", value: 24.3 }),
    of(0, { kind: "humidity", value: 38.4 }),
    of(0, { kind: "co2", value: 1_340 }),
    of(0, { kind: "motion", value: true }),
    of(1, { kind: "temperature", value: 19.84, ageMs: 12_000 }),
    of(1, { kind: "contact", value: false, ageMs: 12_000 }),
    of(1, { kind: "light", value: 312, ageMs: 12_000 }),
    of(2, { kind: "temperature", value: 21.5 }),
    of(2, { kind: "humidity", value: 44 }),
    of(2, { kind: "co2", value: 640 }),
    of(2, { kind: "motion", value: false }),
    of(3, { kind: "temperature", value: 20.9, stale: true, ageMs: 400_000 }),
    of(3, { kind: "humidity", value: 41, stale: true, ageMs: 400_000 }),
    of(4, { kind: "temperature", value: 22.2, simulated: true }),
    of(4, { kind: "co2", value: 930, simulated: true }),
    of(5, { kind: "temperature", value: 17.6, ageMs: 40_000 }),
    of(5, { kind: "sound", value: 51, ageMs: 40_000 }),
    of(5, { kind: "humidity", value: 52, stale: true, ageMs: 900_000 }),
  ];
  return office;
}
