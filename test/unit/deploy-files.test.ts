import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
const COMPOSE = "deploy/compose";

interface Service {
  readonly build: { readonly context: string; readonly dockerfile: string };
  readonly network_mode: string;
  readonly volumes: readonly string[];
}

// No container is built here: what can be known without is that nothing in it leads nowhere.
test("the Compose file and the Dockerfile name files that there are", () => {
  const text = readFileSync(join(ROOT, COMPOSE, "compose.yaml"), "utf8");
  const { services, volumes } = parse(text) as {
    services: Readonly<Record<string, Service>>;
    volumes: Readonly<Record<string, unknown>>;
  };
  const service = services["watercooler"];
  assert.ok(service);
  assert.equal(service.network_mode, "host", "mDNS needs the machine's own interfaces");
  const { context, dockerfile } = service.build;
  const root = join(ROOT, COMPOSE, context);
  const steps = readFileSync(join(root, dockerfile), "utf8");
  const copied = [...steps.matchAll(/^COPY --from=build \/build\/(\S+) /gm)].map(
    ([, path]) => path,
  );
  assert.ok(copied.length > 5);
  for (const path of copied) assert.ok(existsSync(join(root, path ?? "")), path);
  assert.ok(existsSync(join(root, `${dockerfile}.dockerignore`)));
  const [volume = "", data = ""] = service.volumes[0]?.split(":") ?? [];
  assert.ok(volume in volumes);
  assert.ok(steps.includes(`STATE_DIRECTORY=${data}`), "the node's key is in the volume");
});
