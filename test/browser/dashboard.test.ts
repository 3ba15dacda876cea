import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import test, { after, before } from "node:test";
import type { Browser } from "playwright-core";
import type { NodeView, OccupancyView } from "../../src/office/views.ts";
import { FakeOffice, reading } from "../integration/api-fake-office.ts";
import { LiveReader, serve } from "../integration/api-harness.ts";
import { card, go, launch, reads, shoot, skip } from "./chromium.ts";
import { officeOfSix, open, staticDir } from "./six-rooms.ts";

/** A second of a poor Wi-Fi. A guess. */
const PAGE_BYTES_MAX = 150_000;

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

test("a person sees rooms, nodes and links, from this node alone", { skip }, async (context) => {
  const { port } = await serve(context, { office: officeOfSix(), staticDir });
  const { page, wrong } = await open(browser, context, port);
  await page.getByText("6 of 6 nodes alive").waitFor();
  await reads(card(page, "Kitchen"), /21\.5 °C.*Humidity44 %.*CO₂640 ppm fresh.*Motionstill/);
  await reads(card(page, "Boardroom"), /1,340 ppm bad air/);
  await reads(card(page, "Library"), /stale: nothing new for 7\smin/);
  await reads(card(page, "Studio"), /simulated/);
  await reads(card(page, "Workshop"), /Humidity52 % stale/);
  assert.doesNotMatch((await card(page, "Kitchen").textContent()) ?? "", /stale|simulated/);
  await page.getByRole("status").filter({ hasText: "live" }).waitFor();
  for (const role of ["banner", "main", "contentinfo"] as const) {
    assert.equal(await page.getByRole(role).count(), 1, role);
  }
  await shoot(page, "light");
  await go(page, "Mesh");
  await reads(card(page, "kitchen-pi"), /alive/);
  await reads(card(page, "boardroom-pi"), /this node/);
  await page.getByRole("img", { name: "6 nodes, 9 links between them" }).waitFor();
  assert.equal(await page.locator("figure line").count(), 9);
  await shoot(page, "mesh");
  assert.deepEqual(wrong, []);
});

test("all that the page is made of, packed, is under 150 kB", () => {
  const files = readdirSync(staticDir, { recursive: true, withFileTypes: true });
  const packed = files.filter((file) => file.isFile() && file.name.endsWith(".gz"));
  const sizes = packed.map((file) => statSync(join(file.parentPath ?? file.path, file.name)).size);
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  console.log(`the page, packed: ${Math.round(bytes / 1_000)} kB`);
  assert.ok(packed.length > 3 && bytes < PAGE_BYTES_MAX, `${bytes} bytes`);
});

test("a value and a node's state change while one looks", { skip }, async (context) => {
  const office = officeOfSix();
  const { port } = await serve(context, { office, staticDir });
  const { page, wrong } = await open(browser, context, port);
  await reads(card(page, "Kitchen"), /21\.5 °C/);
  office.readingList = office.readingList.map((one) =>
    one.room === "kitchen" && one.kind === "temperature" ? { ...one, value: 25.04 } : one,
  );
  office.changed("rooms");
  await reads(card(page, "Kitchen"), /25\.0 °C/);
  await go(page, "Mesh");
  const silent = (view: NodeView): NodeView =>
    view.name === "hall-pi" ? { ...view, state: "silent", ageMs: 42_000, links: [] } : view;
  office.nodeList = office.nodeList.map(silent);
  office.changed("nodes");
  await page.getByText("5 of 6 nodes alive").waitFor();
  await reads(card(page, "hall-pi"), /✕ silent/);
  await page.locator("[aria-live=polite]", { hasText: "hall-pi went silent" }).waitFor();
  await page.getByRole("img", { name: /1 silent$/ }).waitFor();
  await shoot(page, "silent");
  office.nodeList = office.nodeList.filter(({ name }) => name !== "hall-pi");
  office.changed("nodes");
  await page.getByText("5 of 5 nodes alive").waitFor();
  assert.deepEqual(wrong, []);
});

test("a question is answered on the page, and advice stands in its room", {
  skip,
}, async (context) => {
  const office = officeOfSix();
  const advice = ["Open a window."];
  const plain = office.rooms.bind(office);
  office.rooms = () => plain().map((one) => (one.room === "kitchen" ? { ...one, advice } : one));
  const { port, stop } = await serve(context, { office, staticDir });
  const { page, wrong } = await open(browser, context, port);
  await reads(card(page, "Kitchen"), /Open a window\./);
  const box = page.getByRole("textbox", { name: "Ask" });
  await box.fill("warmest room");
  await box.press("Enter");
  await page.getByText(/highest temperature is in boardroom: 24\.3 degrees/).waitFor();
  await box.fill("kitchen temp and hum of the moon");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByText(/don't (?:have that data|understand)/).waitFor();
  await shoot(page, "asked");
  await stop();
  await box.fill("hum");
  await box.press("Enter");
  await page.getByText("This node does not answer now.").waitFor();
  assert.deepEqual(wrong, []);
});

test("a room says who is there in words that keep its card's height", {
  skip,
}, async (context) => {
  const office = officeOfSix();
  const plain = office.rooms.bind(office);
  let occupancy: OccupancyView = { count: 3, state: "taken", likelihood: 0.97, sources: [] };
  office.rooms = () =>
    plain().map((one) => {
      if (one.room !== "kitchen") return one;
      return { ...one, count: occupancy.count, occupancy };
    });
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port);
  const kitchen = card(page, "Kitchen");
  await reads(kitchen, /Presence 3 people in/);
  assert.equal(await card(page, "Workshop").getByText("Presence").count(), 0);
  await reads(card(page, "Boardroom"), /Presence nobody can tell now/);
  const height = (await kitchen.boundingBox())?.height;
  // The live socket tells of a likelihood when the room changes in other ways too.
  const turns: readonly [Partial<OccupancyView>, RegExp][] = [
    [{ state: "taken", likelihood: 0.9 }, /Presence somebody is there/],
    [{ state: "empty", likelihood: 0.3 }, /Presence probably empty/],
    [{ state: "taken", likelihood: 0.6 }, /Presence probably somebody there/],
    [{ state: "empty", likelihood: 0.02 }, /Presence empty/],
    [{ count: 2 }, /Presence 2 in when last counted/],
    [{}, /Presence nobody can tell now/],
  ];
  for (const [turn, words] of turns) {
    occupancy = { count: undefined, sources: [], ...turn };
    office.changed("rooms");
    await reads(kitchen, words);
    assert.equal((await kitchen.boundingBox())?.height, height, String(words));
  }
  await kitchen.getByRole("link", { name: "Kitchen" }).click();
  occupancy = { count: 1, state: "taken", likelihood: 0.876, sources: [] };
  office.changed("rooms");
  await reads(page.locator(".presence"), /1 person in.*somebody there: 88 %/);
  await page.locator(".preferences summary").click();
  await page.getByText("Português").click();
  await reads(page.locator(".presence"), /1 pessoa na sala.*estar alguém: 88 %/);
});

test("when no node answers the page says so, and goes on when its own is back", {
  skip,
}, async (context) => {
  const office = officeOfSix();
  const first = await serve(context, { office, staticDir });
  const { page, wrong } = await open(browser, context, first.port);
  await reads(card(page, "Kitchen"), /21\.5 °C/);
  await first.stop();
  await page.getByText("No node answers.").waitFor();
  await page.getByText(/Trying again/).waitFor();
  await page.getByRole("link", { name: "kitchen-pi" }).waitFor();
  await reads(card(page, "Kitchen"), /21\.5 °C/);
  await shoot(page, "lost");
  const listen = `127.0.0.1:${first.port}`;
  office.readingList = [reading({ kind: "temperature", value: 18.2 })];
  await serve(context, { office, staticDir, listen });
  await reads(card(page, "Kitchen"), /18\.2 °C/);
  await page.getByText("No node answers.").waitFor({ state: "detached" });
  assert.equal(await card(page, "Hall").count(), 0);
  assert.deepEqual(wrong, []);
});

test("an empty office says what to do", { skip }, async (context) => {
  const office = new FakeOffice();
  office.readingList = [];
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port);
  await page.getByText(/No readings yet: give a node a sensor/).waitFor();
  await page.getByText("nobody known").waitFor();
  await go(page, "Mesh");
  await page.getByText(/This node is alone so far/).waitFor();
  await shoot(page, "empty");
});

test("names from other nodes are text, whatever is in them", { skip }, async (context) => {
  const office = officeOfSix();
  const evil = `<img src=x onerror="document.title='owned'">`;
  const api = ["javascript:document.title='owned'"];
  office.nodeList = office.nodeList.map((one, at) =>
    at === 1 ? { ...one, name: evil, api } : one,
  );
  office.readingList = [reading({ kind: "temperature", room: evil })];
  const { port, stop } = await serve(context, { office, staticDir });
  const { page, wrong } = await open(browser, context, port);
  await page.getByRole("heading", { name: evil }).waitFor();
  await go(page, "Mesh");
  await page.getByRole("heading", { name: evil }).waitFor();
  await stop();
  await page.getByText("No node answers.").waitFor();
  assert.equal(await page.locator("main img:not(svg), a[href^=javascript]").count(), 0);
  assert.equal(await page.title(), "Watercooler");
  assert.deepEqual(wrong, []);
});

test("a hostile page can't read, write, watch or frame the node", {
  skip,
}, async (context) => {
  const { port, office } = await serve(context, { staticDir });
  const node = `http://127.0.0.1:${port}`;
  const hostile = createHttpServer((_, response) => {
    response.writeHead(200, { "content-type": "text/html" });
    response.end(`<!doctype html><title>Cats</title><iframe src="${node}/"></iframe>`);
  }).listen(0, "127.0.0.1");
  context.after(() => hostile.close());
  await new Promise((resolve) => hostile.once("listening", resolve));
  assert.ok(browser);
  const session = await browser.newContext();
  context.after(() => session.close());
  const page = await session.newPage();
  await page.goto(`http://127.0.0.1:${(hostile.address() as AddressInfo).port}/`);
  const attack = `(async () => {
    const body = JSON.stringify({ sensor: "desk", kind: "temperature", value: 99 });
    const told = async (act) => { try { return await act(); } catch { return "refused"; } };
    return {
      read: await told(async () => (await fetch("${node}/v1/rooms")).text()),
      write: await told(() => fetch("${node}/v1/readings",
        { method: "POST", mode: "no-cors", body }).then(() => "sent")),
      json: await told(() => fetch("${node}/v1/readings", { method: "POST", body,
        headers: { "content-type": "application/json" } }).then(() => "sent")),
      watch: await new Promise((resolve) => {
        const socket = new WebSocket("ws://127.0.0.1:${port}/v1/live");
        socket.onmessage = () => resolve("watched");
        socket.onerror = () => resolve("refused");
      }),
    };
  })()`;
  const got = (await page.evaluate(attack)) as Record<string, string>;
  assert.deepEqual([got["read"], got["json"], got["watch"]], ["refused", "refused", "refused"]);
  assert.equal(office.pushed.length, 0);
  const framed = page.frames().find((frame) => frame.url().startsWith(node));
  assert.equal((await framed?.locator("#page").count()) ?? 0, 0);
  // The node is well, and lets its own readers in.
  const reader = new LiveReader(port);
  await reader.message(0);
  reader.socket.close();
});
