import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser, Page } from "playwright-core";
import { english } from "../../src/dashboard/texts/english.ts";
import { portuguese } from "../../src/dashboard/texts/portuguese.ts";
import type { HistoryAsk } from "../../src/node/read-side.ts";
import { reading } from "../integration/api-fake-office.ts";
import { serve } from "../integration/api-harness.ts";
import { barriers, card, go, launch, PHONE, reads, shoot, skip, WALL } from "./chromium.ts";
import { officeOfSix, open, staticDir } from "./six-rooms.ts";

/** More than the page has. */
const FOCUS_STOPS_MAX = 60;

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

/** A day as a room has one. */
const aDay = {
  chart: async (ask: HistoryAsk) => {
    const steps = Math.floor((ask.toMs - ask.fromMs) / ask.stepMs);
    const points = Array.from({ length: steps }, (_, at) => {
      const mean = 21 + Math.sin(at / 9);
      return { atMs: ask.fromMs + at * ask.stepMs, mean, min: mean - 0.2, max: mean + 0.2 };
    });
    return { ...ask, points };
  },
};

const LONG_NAMES = ["meeting-room-pi", "open-space-east-pi", "second-floor-wc-pi"];

/** Names in the picture of the mesh that are shortened or reach out of it. */
function clippedNames(page: Page): Promise<unknown> {
  return page.evaluate(`(() => {
    const field = document.querySelector(".overlay svg").getBoundingClientRect();
    return [...document.querySelectorAll(".dot > text")].flatMap((text) => {
      const box = text.getBoundingClientRect();
      const isIn = box.left >= field.left && box.right <= field.right &&
        box.top >= field.top - 1 && box.bottom <= field.bottom + 1;
      return isIn && !text.textContent.includes("…") ? [] : [text.textContent];
    });
  })()`);
}

const LOOKS = [
  { colorScheme: "light", viewport: WALL, locale: "en-GB", texts: english },
  { colorScheme: "dark", viewport: PHONE, locale: "pt-PT", texts: portuguese },
] as const;

for (const { colorScheme, viewport, locale, texts } of LOOKS) {
  const what = `nothing keeps anybody from using any view in ${colorScheme} and ${locale}`;
  test(what, { skip }, async (context) => {
    const office = Object.assign(officeOfSix(), { history: aDay });
    office.nodeList = office.nodeList.map((one, at) => ({
      ...one,
      name: LONG_NAMES[at - 1] ?? one.name,
    }));
    const { port, stop } = await serve(context, { office, staticDir });
    const look = { colorScheme, viewport, locale, reducedMotion: "reduce" } as const;
    const { page } = await open(browser, context, port, look);
    await reads(card(page, "Kitchen"), /21[.,]5 °C/);
    for (const view of ["office", "people", "mesh", "setup"] as const) {
      await go(page, texts.tabs[view]);
      assert.deepEqual(await barriers(page), [], view);
      const wide = await page.evaluate("document.documentElement.scrollWidth");
      assert.ok(Number(wide) <= viewport.width, `${view} is ${wide} px wide`);
      if (view === "mesh") assert.deepEqual(await clippedNames(page), []);
      await shoot(page, `${colorScheme}-${view}`);
    }
    await go(page, texts.tabs.office);
    await card(page, "Kitchen").getByRole("link", { name: "Kitchen" }).click();
    await page.locator(".chart canvas").waitFor();
    await page.locator(".as-table summary").click();
    await page.locator(".as-table table").waitFor();
    assert.deepEqual(await barriers(page), [], "room");
    await shoot(page, `${colorScheme}-room`);
    await go(page, texts.tabs.office);
    await page.getByRole("link", { name: texts.asPlan }).click();
    await page.locator(".plan .pin").first().waitFor();
    assert.deepEqual(await barriers(page), [], "plan");
    await page.getByRole("button", { name: texts.placeRooms }).click();
    await page.locator(".plan.placing").waitFor();
    assert.deepEqual(await barriers(page), [], "plan, placing");
    await shoot(page, `${colorScheme}-plan`);
    await stop();
    await page.getByText(texts.noNodeAnswers).waitFor();
    assert.deepEqual(await barriers(page), []);
  });
}

test("on a phone nothing is cut off or scrolls sideways", { skip }, async (context) => {
  const office = officeOfSix();
  const long = "a-rather-long-name-for-a-meeting-room-on-the-second-floor-east";
  office.readingList = [...office.readingList, reading({ kind: "temperature", room: long })];
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port, { viewport: PHONE });
  await reads(card(page, "Kitchen"), /21\.5 °C/);
  const width = await page.evaluate("document.documentElement.scrollWidth");
  assert.ok(Number(width) <= PHONE.width, `${width} px wide`);
  await shoot(page, "phone");
});

test("the keyboard reaches everything, the first stop skips to the page", {
  skip,
}, async (context) => {
  const { port } = await serve(context, { office: officeOfSix(), staticDir });
  const { page } = await open(browser, context, port);
  await reads(card(page, "Kitchen"), /21\.5 °C/);
  await page.keyboard.press("Tab");
  await page.locator("button.skip:focus").waitFor();
  await page.keyboard.press("Enter");
  await page.locator("main:focus").waitFor();
  const reached = new Set<string>();
  const last = page.locator('footer a[href="/docs"]:focus');
  for (let at = 0; at < FOCUS_STOPS_MAX && (await last.count()) === 0; at++) {
    await page.keyboard.press("Tab");
    reached.add(String(await page.evaluate("document.activeElement.textContent")));
  }
  for (const name of ["This is my phone", "Ask", "Kitchen", "Set a target", "metrics", "API"]) {
    assert.ok(reached.has(name), `${name} in ${[...reached].join(", ")}`);
  }
});
