import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { card, launch, reads, skip } from "../browser/chromium.ts";
import { busyWith, judge } from "./judge.ts";
import { quantile, SLOWDOWN, serveLarge, type Tab, tab } from "./large-office.ts";

/** A frame longer than this is felt as a stutter: three of a screen's sixty a second. A guess. */
const SLOW_FRAME_MS = 50;
/** So many of a hundred frames more than an empty page has. A guess. */
const SLOW_SHARE_MAX = 0.05;
/** A card that comes into view later is seen to be empty. A guess. */
const LATE_MS_MAX = 200;
/** A quick turn of the wheel. A guess. */
const SPEED_PX_S = 2_400;
const DISTANCE_PX = 9_600;
/** The first loads each room's day; the others only draw. */
const ROUNDS = 3;
/** Four seconds of them: fewer than a fifth and nothing was watched. */
const FRAMES_MIN = 48;

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

/** Notes each frame that the page's own thread made. */
const START = `window.spans = []; window.watching = true; (() => {
  let before;
  const frame = (now) => {
    if (before !== undefined) window.spans.push(now - before);
    before = now;
    if (window.watching) requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})()`;

interface Frames {
  /** Between pictures put on the screen: what the eye sees move. In milliseconds. */
  readonly drawn: number[];
  /** Between frames of the page's own thread: how soon new cards have their words. */
  readonly made: number[];
}

/** Turns the wheel, as the browser gets it from a mouse, and watches each frame. */
async function scroll({ page, tools }: Tab, into: Frames): Promise<void> {
  assert.ok(browser);
  await page.bringToFront();
  await page.evaluate("window.scrollTo(0, 0)");
  await browser.startTracing(page, { categories: ["cc"] });
  await page.evaluate(START);
  await tools.send("Input.synthesizeScrollGesture", {
    x: 600,
    y: 500,
    yDistance: -DISTANCE_PX,
    speed: SPEED_PX_S,
    gestureSourceType: "mouse",
  });
  into.made.push(...((await page.evaluate("window.watching = false; window.spans")) as number[]));
  into.drawn.push(...drawnIn(await browser.stopTracing()));
  const top = Number(await page.evaluate("window.scrollY"));
  assert.ok(top > DISTANCE_PX * 0.7, `scrolled ${top} pixels`);
}

interface TraceEvent {
  readonly name: string;
  readonly ts: number;
}

/** The spans between drawings of the compositor, which scrolls apart from the page's thread. */
function drawnIn(trace: Buffer): readonly number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: readonly TraceEvent[] };
  const atMs = traceEvents
    .filter(({ name }) => name === "ProxyImpl::ScheduledActionDraw")
    .map(({ ts }) => ts / 1_000)
    .sort((left, right) => left - right);
  return atMs.slice(1).map((at, which) => at - (atMs[which] ?? at));
}

const slowShare = (spans: readonly number[]) =>
  spans.filter((span) => span > SLOW_FRAME_MS).length / spans.length;

function tell(what: string, spans: readonly number[]): void {
  const at = (share: number) => Math.round(quantile(spans, share));
  console.log(
    `${what}, CPU ${SLOWDOWN} times slower: ${spans.length} frames, ` +
      `${(100 * slowShare(spans)).toFixed(1)} % over ${SLOW_FRAME_MS} ms; median ${at(0.5)}, ` +
      `95 % ${at(0.95)}, worst ${at(1)} ms; ${busyWith()}`,
  );
}

interface Scrolled {
  readonly rooms: Frames;
  /** What this machine, which may be busy with other things, makes of nothing at all. */
  readonly nothing: Frames;
}

async function scrollBoth(office: Tab, empty: Tab): Promise<Scrolled> {
  const rooms: Frames = { drawn: [], made: [] };
  const nothing: Frames = { drawn: [], made: [] };
  for (let round = 0; round < ROUNDS; round++) {
    await scroll(empty, nothing);
    await scroll(office, rooms);
  }
  tell("two hundred rooms on the screen", rooms.drawn);
  tell("an empty page on the screen", nothing.drawn);
  tell("two hundred rooms in the page's thread", rooms.made);
  tell("an empty page in the page's thread", nothing.made);
  return { rooms, nothing };
}

function faultOf({ rooms, nothing }: Scrolled): string | undefined {
  const watched = [rooms, nothing].flatMap(({ drawn, made }) => [drawn.length, made.length]);
  if (Math.min(...watched) <= FRAMES_MIN) return `only ${Math.min(...watched)} frames watched`;
  const more = slowShare(rooms.drawn) - slowShare(nothing.drawn);
  if (more >= SLOW_SHARE_MAX) return `${more} more of its frames stutter than an empty page's`;
  const median = quantile(rooms.made, 0.5);
  return median < LATE_MS_MAX ? undefined : `the page's thread takes ${median} ms a frame`;
}

test("two hundred rooms with a thousand sensors scroll smoothly", { skip }, async (t) => {
  const { url } = await serveLarge(t);
  const office = await tab(browser, SLOWDOWN);
  t.after(office.close);
  await office.page.goto(url);
  await reads(card(office.page, "Room 0"), /°C/);
  await card(office.page, "Room 199").waitFor({ state: "attached" });
  const empty = await tab(browser, SLOWDOWN);
  t.after(empty.close);
  const height = await office.page.evaluate("document.documentElement.scrollHeight");
  await empty.page.setContent(`<div style="height:${height}px"></div>`);
  await judge(() => scrollBoth(office, empty), faultOf);
});
