import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";
/** Why no test with a browser can run here, or false. */
export const skip: string | false = existsSync(CHROMIUM)
  ? false
  : `no browser at ${CHROMIUM}: apt install chromium`;

export const PHONE = { width: 360, height: 740 };
export const WALL = { width: 1_280, height: 800 };

interface Launching {
  readonly flags?: readonly string[];
  /** Whose certificates and settings it has; the user's own without it. */
  readonly home?: string;
}

/** The browser that Debian ships. */
export function launch({ flags = [], home }: Launching = {}): Promise<Browser> {
  const env = home === undefined ? {} : { env: { ...process.env, HOME: home } };
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [...FLAGS.split(" "), ...flags],
    ...env,
  });
}

/** Where this tree is, from the compiled tests. */
export function repository(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "src/dashboard/vite.config.ts"))) folder = dirname(folder);
  return folder;
}

/** The card of a room, or of whatever else has a heading in a list. */
export function card(page: Page, name: string) {
  return page
    .getByRole("listitem")
    .filter({ has: page.getByRole("heading", { name, exact: true }) });
}

/** Waits until an element's words fit. */
export async function reads(where: ReturnType<typeof card>, words: RegExp): Promise<void> {
  await where.filter({ hasText: words }).waitFor();
}

/** Opens one of the page's own views. */
export function go(page: Page, view: string): Promise<void> {
  return page.getByRole("navigation").getByRole("link", { name: view }).click();
}

/** Where to put pictures for people to look at, if anywhere. */
const SHOTS = process.env["WATERCOOLER_SHOTS"];

export async function shoot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

const AXE = "node_modules/axe-core/axe.min.js";

interface Finding {
  readonly id: string;
  readonly impact: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** What axe finds on the page as it is now, of what keeps people from using it. */
export async function barriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(readFileSync(join(repository(), AXE), "utf8"));
  const found = (await page.evaluate("axe.run().then((result) => result.violations)")) as Finding[];
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map((at) => `${id}: ${at.html} ${at.failureSummary}`));
}
