import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { card, launch, reads, skip } from "../browser/chromium.ts";
import { serveLarge, tab } from "./large-office.ts";

const UPDATES_AN_HOUR = 3_600;
const GROWTH_BYTES_MAX = 10e6;

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

test("an hour of changes leaves the page no larger than ten megabytes more", {
  skip,
}, async (t) => {
  const { office, url } = await serveLarge(t);
  const { page, tools, close } = await tab(browser);
  await page.goto(url);
  await reads(card(page, "Room 0"), /°C/);
  const heap = async () => {
    await tools.send("HeapProfiler.collectGarbage");
    return (await tools.send("Runtime.getHeapUsage")).usedSize;
  };
  const update = async (from: number, to: number) => {
    for (let turn = from; turn < to; turn++) {
      office.set(turn);
      office.changed("rooms");
      // As fast as the node tells of changes, so that each is one message.
      await new Promise((done) => setTimeout(done, 105));
    }
  };
  await update(1, 200);
  const before = await heap();
  await update(200, 200 + UPDATES_AN_HOUR);
  const growth = (await heap()) - before;
  console.log(`${UPDATES_AN_HOUR} changes: ${(growth / 1e6).toFixed(1)} MB more`);
  assert.ok(growth < GROWTH_BYTES_MAX, `${growth} bytes`);
  await close();
});
