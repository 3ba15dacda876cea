import assert from "node:assert/strict";
import test, { after, before, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { filledPath, shape } from "../../src/dashboard/openapi.ts";
import { FakeOffice } from "../integration/api-fake-office.ts";
import { ask, serve, WAIT_MS_MAX } from "../integration/api-harness.ts";
import { launch, skip } from "./chromium.ts";

const staticDir = fileURLToPath(new URL("../../../dashboard", import.meta.url));

let browser: Browser | undefined;
before(async () => {
  if (skip !== false) return;
  browser = await launch();
});
after(() => browser?.close());

/** The page, and all that went wrong on it: foreign requests, errors, what its policy refused. */
async function openDocs(context: TestContext, width: number) {
  assert.ok(browser);
  const { port } = await serve(context, { staticDir, office: new FakeOffice() });
  const session = await browser.newContext({ viewport: { width, height: 800 } });
  context.after(() => session.close());
  const page: Page = await session.newPage();
  page.setDefaultTimeout(WAIT_MS_MAX * 4);
  const wrong: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).host !== `127.0.0.1:${port}`) wrong.push(request.url());
  });
  page.on("pageerror", (error) => wrong.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(message.text());
  });
  await page.goto(`http://127.0.0.1:${port}/docs`);
  return { page, port, wrong };
}

test("the API's page shows every route and document, and asks the node", { skip }, async (t) => {
  const { page, port, wrong } = await openDocs(t, 1_000);
  await page.getByRole("heading", { name: "Routes" }).waitFor();
  const description = (await ask(port, "/openapi.json")).json();
  const paths = Object.entries(description.paths as Record<string, object>);
  const shown = await page.locator("details > summary").allInnerTexts();
  const expected = paths.flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path} `),
  );
  assert.equal(shown.length, expected.length);
  for (const [at, text] of expected.entries()) assert.ok(shown[at]?.startsWith(text), text);
  const { schemas } = description.components as { schemas: Record<string, object> };
  for (const name of Object.keys(schemas)) {
    assert.equal(await page.getByRole("heading", { name, exact: true }).count(), 1, name);
  }
  const room = page.locator("details", { hasText: "/v1/rooms/{room}" });
  await room.locator("summary").click();
  await room.getByRole("textbox").fill("kitchen");
  await room.getByRole("button", { name: "Ask /v1/rooms/kitchen" }).click();
  await room.getByText('"room": "kitchen"').waitFor();
  assert.match((await room.locator("pre").textContent()) ?? "", /^200 OK/);
  assert.deepEqual(wrong, []);
});

test("it fits a phone", { skip }, async (t) => {
  const { page, wrong } = await openDocs(t, 360);
  await page.getByRole("heading", { name: "Routes" }).waitFor();
  for (const summary of await page.locator("summary").all()) await summary.click();
  const wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
  assert.equal(await page.evaluate(wide), 0);
  assert.deepEqual(wrong, []);
});

test("schemas in few words; paths filled in", () => {
  assert.equal(shape({ type: "array", items: { $ref: "#/components/schemas/Room" } }), "[Room]");
  assert.equal(shape({ type: ["number", "null"] }), "number | null");
  assert.equal(shape({ enum: ["ok", 1] }), '"ok" | 1');
  assert.equal(
    shape({ type: "object", additionalProperties: { type: "string" } }),
    "{name: string}",
  );
  const parameters = [
    { name: "room", in: "path" },
    { name: "kind", in: "query" },
    { name: "node", in: "query" },
  ] as const;
  const values = { room: "a b", kind: "co2" };
  assert.equal(filledPath("/v1/rooms/{room}", parameters, values), "/v1/rooms/a%20b?kind=co2");
});
