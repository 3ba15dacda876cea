import assert from "node:assert/strict";
import test, { after, before } from "node:test";
import type { Browser } from "playwright-core";
import { ok } from "../../src/base/result.ts";
import type { PeopleSide } from "../../src/node/read-side.ts";
import type { PersonView } from "../../src/office/views.ts";
import { idOf } from "../integration/api-fake-office.ts";
import { serve } from "../integration/api-harness.ts";
import { barriers, card, go, launch, PHONE, reads, shoot, skip } from "./chromium.ts";
import { officeOfSix, open, staticDir } from "./six-rooms.ts";

/** Who is tied to what, by MAC. */
class FakePeople implements PeopleSide {
  readonly tied = new Map<string, string>();
  others: readonly string[] = [];
  caller = () => undefined;

  list(): readonly PersonView[] {
    return [...this.tied].map(([mac, person]) => ({
      person,
      isIn: true,
      sinceWallMs: Date.now(),
      devices: [
        { mac, ip: "192.0.2.9", ageMs: 1_000, others: person === "Ana" ? this.others : [] },
      ],
    }));
  }

  register(person: string, mac: string) {
    this.tied.set(mac, person);
    return ok(undefined);
  }

  unregister(_: string, mac: string) {
    this.tied.delete(mac);
    return ok(undefined);
  }
}

let browser: Browser | undefined;
before(async () => {
  if (skip === false) browser = await launch();
});
after(() => browser?.close());

test("a phone is tied in two taps, tied again when its address changed, and untied", {
  skip,
}, async (context) => {
  const office = Object.assign(officeOfSix(), { people: new FakePeople() });
  const { people } = office;
  const { port } = await serve(context, { office, staticDir });
  const { page, wrong } = await open(browser, context, port, { viewport: PHONE });
  // A browser of the node's own machine has no device: the test is the phone's neighbour table.
  let mac = "3c:22:fb:00:00:01";
  await page.route("**/v1/me", (route) => {
    const person = people.tied.get(mac);
    const known = person === undefined ? {} : { person };
    const isPrivate = mac.startsWith("02");
    return route.fulfill({ json: { mac, ip: "192.0.2.9", private_address: isPrivate, ...known } });
  });
  await go(page, "People");
  await page.getByText("Nobody has said which phone is theirs").waitFor();
  await page.getByRole("button", { name: "This is my phone" }).click();
  await page.getByLabel("Your name").fill("Ana Sá");
  await page.getByRole("button", { name: "That's me" }).click();
  await page.getByText("Done. When this phone is about, Ana Sá is in.").waitFor();
  assert.deepEqual([...people.tied], [[mac, "Ana Sá"]]);
  office.changed("people");
  await reads(card(page, "Ana Sá"), /● in · since \d\d:\d\d/);
  assert.equal(await page.getByText("may change it").count(), 0);

  mac = "02:00:00:00:00:02";
  await page.reload();
  await page.getByText("Your phone has a new address. Still Ana Sá?").waitFor();
  await page.getByText("Private Wi-Fi Address").waitFor();
  await page.getByText("Use device MAC").waitFor();
  assert.deepEqual(await barriers(page), []);
  await shoot(page, "my-phone");
  await page.getByRole("button", { name: "Yes, Ana Sá" }).click();
  await page.getByText("Done.").waitFor();
  assert.deepEqual([...people.tied], [[mac, "Ana Sá"]]);

  await page.getByRole("button", { name: "Forget me" }).click();
  await page.getByText("Forgotten, on every node.").waitFor();
  assert.equal(people.tied.size, 0);
  assert.deepEqual(wrong, []);
});

test("unknown devices are a number; two owners of one device are both told", {
  skip,
}, async (context) => {
  const office = Object.assign(officeOfSix(), { people: new FakePeople() });
  office.people.tied.set("3c:22:fb:00:00:01", "Ana").set("3c:22:fb:00:00:02", "Rui");
  office.people.others = ["Rui"];
  const seen = { seenBy: [idOf(1)], atWallMs: 0, ageMs: 1_000 };
  office.devices = [1, 2, 3].map((at) => {
    const ip = `192.0.2.${at}`;
    const owners = at < 3 ? ["Ana"] : [];
    return { ...seen, mac: `3c:22:fb:00:00:0${at}`, ip, ips: [ip], hostname: "x-phone", owners };
  });
  const { port } = await serve(context, { office, staticDir });
  const { page } = await open(browser, context, port);
  await page.getByText("1 unknown device").waitFor();
  await go(page, "People");
  await reads(card(page, "Ana"), /Rui say that this device is theirs too/);
  const text = (await page.locator("body").textContent()) ?? "";
  assert.doesNotMatch(text, /3c:22:fb|x-phone/);
  await page.locator(".preferences summary").click();
  await page.getByText("Português").click();
  await page.getByRole("heading", { name: "Quem está" }).waitFor();
  await page.getByText("1 aparelho desconhecido").waitFor();
  assert.equal(await page.evaluate("document.documentElement.lang"), "pt");
  await page.getByText("°F", { exact: true }).click();
  await go(page, "Escritório");
  await reads(card(page, "Kitchen"), /70,7 °F/);
  await page.reload();
  await reads(card(page, "Kitchen"), /70,7 °F.*Humidade/);
});

test("who knocks is let in or sent away", { skip }, async (context) => {
  const { port } = await serve(context, { office: officeOfSix(), staticDir });
  const { page } = await open(browser, context, port);
  const waiting = ["new-pi", "odd-pi"].map((name) => ({
    id: `did:key:${name}`,
    name,
    fingerprint: "7F3A-11",
    address: "192.0.2.50:7946",
    seen_by: ["hall-pi"],
  }));
  const decided: string[] = [];
  await page.route("**/v1/pending", (route) => route.fulfill({ json: waiting }));
  await page.route("**/v1/pending/*", (route) => {
    const name = decodeURIComponent(route.request().url().split("/").at(-1) ?? "");
    decided.push(`${route.request().method()} ${name}`);
    waiting.splice(waiting.findIndex(({ id }) => id === name) >>> 0, 1);
    return route.fulfill({ status: 200, json: { id: name } });
  });
  await go(page, "Mesh");
  await reads(card(page, "new-pi"), /192\.0\.2\.50:7946 · knocked at hall-pi7F3A-11/);
  await page.getByRole("button", { name: "Let new-pi in" }).click();
  await card(page, "new-pi").waitFor({ state: "detached" });
  await card(page, "odd-pi").getByRole("button", { name: "Send away" }).click();
  await page.getByRole("heading", { name: "Wants in" }).waitFor({ state: "detached" });
  assert.deepEqual(decided, ["POST did:key:new-pi", "DELETE did:key:odd-pi"]);
});
