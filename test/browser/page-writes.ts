import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import type { Page } from "playwright-core";
import { skip as noBrowser, repository } from "./chromium.ts";

/** An address by which a node on this machine takes a browser for another machine's. */
export const LAN = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ internal, family }) => !internal && family === "IPv4")?.address;

/** Why no browser can come from elsewhere, or false. */
export const skip =
  noBrowser || (LAN === undefined && "this machine has no address beside loopback");

/** The page's own code for writes, to be called from outside of it. */
export async function bundled(): Promise<string> {
  const from = join(repository(), "src/dashboard");
  const contents = 'export * from "./write.ts"; export * from "./signed-fetch.ts";';
  const built = await build({
    stdin: { contents, resolveDir: from, loader: "ts" },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "writing",
    logLevel: "error",
  });
  return built.outputFiles[0]?.text ?? "";
}

/** As `src/dashboard/write.ts` has it, which needs a browser's types. */
export interface Written {
  readonly ok: boolean;
  readonly status?: number;
  readonly detail?: string;
}

/** Sets a room's target as the page does; the bundle has to be in the page. */
export const put = (page: Page, room: string): Promise<Written> =>
  page.evaluate(`writing.send("PUT", "/v1/targets/${room}/temperature", { value: 21 })`);
