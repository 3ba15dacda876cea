import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { TargetDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { tempFolder } from "./backup-files.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

const START_MS_MAX = 60_000;
/** What a worn card takes now and then. */
const STALL_S = 5;
const ANSWER_MS_MAX = 60_000;
/** Of two dials that crossed one goes: that is no loss. */
const LOST = /^watercooler_links_lost_total\{reason="(?!replaced").* [1-9]/m;
const PATH = "/v1/targets/lab/temperature";

/** Makes one sync of a process wait, whenever a file is there that says so. */
const STALLING = `
#include <unistd.h>
#include <stdlib.h>
#include <sys/syscall.h>
static void stall() {
  const char *file = getenv("STALL_FILE");
  if (file && unlink(file) == 0) sleep(${STALL_S});
}
extern "C" int fsync(int fd) { stall(); return syscall(SYS_fsync, fd); }
extern "C" int fdatasync(int fd) { stall(); return syscall(SYS_fdatasync, fd); }
`;

const skip = spawnSync("g++", ["--version"]).error === undefined ? false : "needs g++";

test("a disk that stalls for seconds makes no write look kept before it is, and cuts no link", {
  skip,
}, async (t) => {
  const folder = tempFolder(t);
  const [library, stallFile] = [join(folder, "stall.so"), join(folder, "stall-now")];
  writeFileSync(join(folder, "stall.cc"), STALLING);
  execFileSync("g++", ["-shared", "-fPIC", "-o", library, join(folder, "stall.cc")]);
  const secretFile = join(folder, "mesh.secret");
  writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
  const ports = await freePorts(2);
  const prefix = ["env", `LD_PRELOAD=${library}`, `STALL_FILE=${stallFile}`];
  const [slow, well] = ["slow", "well"].map(
    (name, at) =>
      new NodeProcess({
        ...{ name, data: join(folder, name), secretFile, peerPorts: ports },
        meshPort: ports[at] ?? 0,
        sensors: [],
        ...(name === "slow" && { prefix }),
      }),
  ) as [NodeProcess, NodeProcess];
  t.after(() => Promise.all([slow.end("SIGKILL"), well.end("SIGKILL")]));
  slow.start();
  well.start();
  const both = [slow, well];
  await until(() => both.every(({ log }) => log.includes("neighbor-up")), START_MS_MAX, "a link");

  writeFileSync(stallFile, "");
  const startedMs = performance.now();
  const written = await fetch(`${slow.api}${PATH}`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ value: 21 }),
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const tookMs = performance.now() - startedMs;
  assert.equal(written.status, 200);
  assert.ok(!existsSync(stallFile), "a sync did stall");
  assert.ok(tookMs >= STALL_S * 900, `answered after ${Math.round(tookMs)} ms`);
  const isKnown = async () => (await well.get<TargetDocument>(PATH))?.value === 21;
  await until(isKnown, START_MS_MAX, "the target at the other");
  for (const { log } of both) assert.doesNotMatch(log, /neighbor-down/);
  const lost = await Promise.all(both.map((node) => node.text("/metrics")));
  for (const text of lost) assert.doesNotMatch(text, LOST);
});
