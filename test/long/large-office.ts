import assert from "node:assert/strict";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Browser, CDPSession, Page } from "playwright-core";
import type { HistoryAsk } from "../../src/node/read-side.ts";
import type { ReadingView } from "../../src/office/views.ts";
import { type Kind, unitOf } from "../../src/reading/kind.ts";
import { repository, WALL } from "../browser/chromium.ts";
import { FakeOffice, idOf, node, WALL_MS } from "../integration/api-fake-office.ts";
import { serve } from "../integration/api-harness.ts";

const ROOMS = 200;
const KINDS: readonly Kind[] = ["temperature", "humidity", "co2", "sound", "light"];
const WAIT_MS_MAX = 120_000;
/** A phone of the cheaper kind, or a Pi's own screen, is so much slower than this machine. */
export const SLOWDOWN = 4;

const nameOf = (at: number) => `node-${at}-pi`;

/** Two hundred rooms with five sensors each, and a day of history. */
export class LargeOffice extends FakeOffice {
  readonly history = {
    chart: async (ask: HistoryAsk) => {
      const steps = Math.floor((ask.toMs - ask.fromMs) / ask.stepMs);
      const points = Array.from({ length: steps }, (_, at) => {
        const mean = 21 + Math.sin(at / 9);
        return { atMs: ask.fromMs + at * ask.stepMs, mean, min: mean - 0.2, max: mean + 0.2 };
      });
      return { ...ask, points };
    },
  };

  constructor() {
    super();
    this.nodeList = Array.from({ length: ROOMS }, (_, at) => node((at % 250) + 1, nameOf(at)));
    this.set(0);
  }

  /** Each turn changes a seventh of the rooms. */
  set(turn: number): void {
    this.readingList = Array.from({ length: ROOMS }, (_, at) => at).flatMap((at) =>
      KINDS.map((kind, which): ReadingView => {
        const moved = (at + turn) % 7 === 0 ? turn : 0;
        return {
          node: idOf((at % 250) + 1),
          sensor: `${nameOf(at)}/climate`,
          room: `room-${at}`,
          kind,
          value: 20 + ((at + which + moved) % 40) / 10,
          unit: unitOf(kind),
          atWallMs: WALL_MS,
          ageMs: 1_000,
          stale: false,
          simulated: false,
        };
      }),
    );
  }
}

export interface Served {
  readonly office: LargeOffice;
  readonly url: string;
}

export async function serveLarge(context: TestContext): Promise<Served> {
  const office = new LargeOffice();
  const staticDir = join(repository(), "dist/dashboard");
  const { port } = await serve(context, { office, staticDir });
  return { office, url: `http://127.0.0.1:${port}/` };
}

export interface Tab {
  readonly page: Page;
  readonly tools: CDPSession;
  close(): Promise<void>;
}

/** A tab with nothing remembered, whose processor is slowed from now on where one says so. */
export async function tab(browser: Browser | undefined, slowdown = 1): Promise<Tab> {
  assert.ok(browser);
  const session = await browser.newContext({ viewport: WALL });
  const page = await session.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX);
  const tools = await session.newCDPSession(page);
  await tools.send("Emulation.setCPUThrottlingRate", { rate: slowdown });
  return { page, tools, close: () => session.close() };
}

/** The number that a share of the others lies below. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
