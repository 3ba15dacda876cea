import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { createApi } from "../../src/api/server.ts";
import { splitAddress } from "../../src/base/id.ts";
import { ok } from "../../src/base/result.ts";
import type { HistoryAsk, MeshView, PeopleSide, PlanSide } from "../../src/node/read-side.ts";
import type { PersonView, ReadingView, RoomView } from "../../src/office/views.ts";
import { type Kind, unitOf } from "../../src/reading/kind.ts";
import { FakeOffice, idOf, node, reading } from "../integration/api-fake-office.ts";
import { launch, PHONE, repository, WALL } from "./chromium.ts";

// Makes the README's pictures anew: npm run pictures. The office in them is made up.

const DAY_MS = 86_400_000;
const ROOMS = ["boardroom", "kitchen", "library", "meeting-room", "open-space", "workshop"];

/** The kinds of a room and their values, in the order of ROOMS. */
const VALUES: readonly Readonly<Partial<Record<Kind, number | boolean>>>[] = [
  { temperature: 24.3, humidity: 38, co2: 1_340, motion: true },
  { temperature: 21.4, humidity: 44, co2: 640, sound: 52, motion: false },
  { temperature: 20.9, humidity: 41, sound: 31 },
  { temperature: 22.2, humidity: 40, co2: 910, motion: true, sound: 47 },
  { temperature: 21.1, humidity: 45, co2: 720, sound: 55, light: 412 },
  { temperature: 17.6, humidity: 52, sound: 61 },
];
const TARGETS: readonly (number | undefined)[] = [22, 21.5, undefined, 22, 21, 19];
const PEOPLE = ["Ana Sá", "Bo", "Inês", "Rui Costa"];
const PLACES = [
  { x: 0.14, y: 0.3 },
  { x: 0.5, y: 0.2 },
  { x: 0.84, y: 0.3 },
  { x: 0.14, y: 0.78 },
  { x: 0.5, y: 0.66 },
  { x: 0.84, y: 0.78 },
];
const PICTURE =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1200 600">' +
  '<rect width="1200" height="600" fill="#fff"/><g fill="none" stroke="#51605d" stroke-width="6">' +
  '<path d="M20 20H1180V580H20Z"/><path d="M330 20V230M330 320V580M20 290H330"/>' +
  '<path d="M870 20V230M870 320V580M870 290H1180M330 200H520M640 200H870"/></g>' +
  '<g fill="none" stroke="#b9c4c1" stroke-width="3"><path d="M430 460h140v70H430zM630 460h140v70H630z"/>' +
  '<path d="M430 250h140v60H430zM630 250h140v60H630zM90 60h150v60H90zM90 510h150v40H90z"/></g></svg>';

class MadeUpOffice extends FakeOffice {
  readonly people: PeopleSide = {
    list: () => PEOPLE.map((person, at) => personOf(person, at)),
    register: () => ok(undefined),
    unregister: () => ok(undefined),
    caller: () => undefined,
  };

  readonly plan: PlanSide = {
    places: () => new Map(ROOMS.flatMap((room, at) => entryOf(room, PLACES[at]))),
    picture: () => ({ type: "image/svg+xml", bytes: new TextEncoder().encode(PICTURE) }),
    place: () => ok(undefined),
    draw: () => ok(undefined),
  };

  readonly history = {
    chart: async (ask: HistoryAsk) => ({ ...ask, points: pointsOf(ask) }),
    segments: () => [],
  };

  constructor() {
    super();
    this.nodeList = ROOMS.map((room, at) => {
      const links = [1, 2, 4, 5].map((step) => idOf(((at + step) % ROOMS.length) + 1));
      return node(at + 1, `${room}-pi`, { room, links, ageMs: 700 * at });
    });
    this.readingList = ROOMS.flatMap((room, at) =>
      (Object.entries(VALUES[at] ?? {}) as [Kind, number | boolean][]).map(
        ([kind, value]): ReadingView => {
          const sensor = `${room}-pi/climate`;
          const stale = room === "library";
          const ageMs = stale ? 840_000 : 1_000 * at;
          return reading({
            node: idOf(at + 1),
            kind,
            value,
            unit: unitOf(kind),
            room,
            sensor,
            stale,
            ageMs,
          });
        },
      ),
    );
  }

  override rooms(): readonly RoomView[] {
    return super.rooms().map((room, at) => {
      const value = TARGETS[at];
      const by = { by: "kitchen-pi", atWallMs: Date.now(), concurrent: [] };
      const kind = { room: room.room, kind: "temperature", unit: "degC" } as const;
      const targets = value === undefined ? [] : [{ ...kind, value, ...by }];
      const advice = room.room === "boardroom" ? ["Open a window: the air is bad."] : [];
      return { ...room, targets, advice };
    });
  }

  override mesh(): MeshView {
    const mesh = super.mesh();
    const [link] = mesh.links;
    const ids = [2, 3, 5].map(idOf);
    const links =
      link === undefined ? [] : ids.map((id, at) => ({ ...link, id, rttMs: 1.4 + at * 0.9 }));
    return { ...mesh, active: ids, eager: ids.slice(0, 2), lazy: ids.slice(2), links };
  }
}

function entryOf<T>(room: string, at: T | undefined): readonly (readonly [string, T])[] {
  return at === undefined ? [] : [[room, at]];
}

function personOf(person: string, at: number): PersonView {
  const isIn = at !== 1;
  const sinceWallMs = Date.now() - (at + 1) * 2_700_000;
  const room = isIn ? { room: ROOMS[(at * 3) % 5] ?? "kitchen" } : {};
  return { person, isIn, sinceWallMs, ...room, devices: [] };
}

/** A day of a room: warm in the afternoon, with the door open now and then. */
function pointsOf({ room, kind, fromMs, toMs, stepMs }: HistoryAsk) {
  const at = Math.max(0, ROOMS.indexOf(room));
  const middle = Number(VALUES[at]?.[kind] ?? 20);
  const swing = middle * 0.05;
  const points = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs += stepMs) {
    if (room === "workshop" && (toMs - nowMs) / DAY_MS > 0.6 && (toMs - nowMs) / DAY_MS < 0.7) {
      continue;
    }
    const ago = (toMs - nowMs) / DAY_MS;
    const wave =
      1 - Math.cos(ago * 6.28) + 0.25 * Math.sin(ago * 31 + at) + 0.1 * Math.sin(ago * 97);
    const mean = middle - swing * wave;
    points.push({ atMs: nowMs, mean, min: mean - swing * 0.15, max: mean + swing * 0.2 });
  }
  return points;
}

const api = createApi({
  listen: "127.0.0.1:0",
  hosts: [],
  read: "lan",
  log: { write: () => {} },
  readSide: new MadeUpOffice(),
  clock: { wallMs: () => Date.now(), monotonicMs: () => performance.now() },
  staticDir: join(repository(), "dist/dashboard"),
});
const [address = ""] = await api.start();
const url = `http://127.0.0.1:${splitAddress(address)?.port ?? 0}`;
const folder = join(repository(), "docs/images");
mkdirSync(folder, { recursive: true });
const browser = await launch();

async function shoot(name: string, hash: string, look: object, ready: (page: Page) => unknown) {
  const session = await browser.newContext({ viewport: WALL, locale: "en-GB", ...look });
  const page = await session.newPage();
  await page.goto(`${url}/${hash}`);
  await ready(page);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await session.close();
}

/** The lines of the day come one after the other. */
const cards = (lines: number) => (page: Page) =>
  page
    .locator(".spark svg")
    .nth(lines - 1)
    .waitFor();
const phone = { viewport: { ...PHONE, width: 390 }, deviceScaleFactor: 2 };
await shoot("dashboard", "#/", { viewport: { width: 1_280, height: 1_100 } }, cards(6));
await shoot("phone", "#/", { ...phone, colorScheme: "dark" }, cards(1));
await shoot("room", "#/room/kitchen", { viewport: { width: 1_280, height: 900 } }, (page) =>
  page.locator(".chart canvas").waitFor(),
);
await shoot("plan", "#/plan", {}, (page) => page.locator(".plan img").waitFor());
await shoot(
  "mesh",
  "#/mesh",
  { viewport: { width: 1_280, height: 1_000 }, colorScheme: "dark" },
  (page) => page.locator("figure").waitFor(),
);
await shoot("people", "#/people", {}, (page) => page.getByText("people are in").waitFor());
await browser.close();
await api.stop();
