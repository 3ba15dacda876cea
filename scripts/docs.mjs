// Writes the pages of docs/ that are generated: configuration, commands, HTTP. With --check it
// writes nothing, and fails where a page is not what it would write.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { commandsReference } from "./docs-commands.mjs";
import { configurationReference } from "./docs-configuration.mjs";
import { httpReference } from "./docs-http.mjs";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));
const built = (path) => import(pathToFileURL(join("dist/build", path)).href);
const GENERATED = "<!-- Written by `npm run docs`. Change its source, not this page. -->";

/** The command line as it is, with nothing behind it: it is only asked what it has. */
async function commands() {
  const { createProgram } = await built("src/cli/program.js");
  const silent = { version: "", stdout: () => {}, stderr: () => {}, env: {} };
  return commandsReference(createProgram(silent, () => {}));
}

async function configuration() {
  const { jsonSchema } = await built("src/config/json-schema.js");
  return configurationReference(jsonSchema());
}

/** As a node serves it, over an office that is made up. */
async function http() {
  const { createApi } = await built("src/api/server.js");
  const { FakeOffice } = await built("test/integration/api-fake-office.js");
  const api = createApi({
    listen: "127.0.0.1:0",
    hosts: [],
    read: "lan",
    log: { write: () => {} },
    readSide: new FakeOffice(),
    clock: { wallMs: () => 0, monotonicMs: () => performance.now() },
  });
  const [address] = await api.start();
  try {
    const answer = await fetch(`http://${address}/openapi.json`);
    return httpReference(await answer.json());
  } finally {
    await api.stop();
  }
}

const PAGES = {
  "docs/commands.md": commands,
  "docs/configuration.md": configuration,
  "docs/http.md": http,
};
const isCheck = process.argv.includes("--check");
const stale = [];
for (const [path, write] of Object.entries(PAGES)) {
  const text = `${GENERATED}\n\n${await write()}\n`;
  if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
  if (isCheck) stale.push(path);
  else writeFileSync(path, text);
}
if (stale.length > 0) {
  console.error(`${stale.join(", ")}: not what the program has now; run npm run docs`);
  process.exit(1);
}
