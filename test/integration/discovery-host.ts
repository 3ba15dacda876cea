import { generateKeyPairSync, randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { nodeIdOfKey } from "../../src/base/id.ts";
import type { Log } from "../../src/base/log.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Clock } from "../../src/base/time.ts";
import { type DiscoveryMode, Sources } from "../../src/link/discovery/choose.ts";

/**
 * One or many nodes' discovery in a process of its own, for a network namespace: prints what it
 * hears as JSON lines, and takes "state", "refresh" and "stop" as lines.
 */
const [mode = "auto", port = "7946", meshTag = "00112233aabbccdd", count = "1", names = ""] =
  process.argv.slice(2);

const clock: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
const timers = {
  set: (afterMs: number, callback: () => void) => {
    const timer = setTimeout(callback, afterMs);
    return () => clearTimeout(timer);
  },
};

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const log: Log = {
  write: (level, message, fields) => print({ type: "log", level, message, ...fields }),
};

const nodes = Array.from({ length: Number(count) }, () => {
  const { publicKey } = generateKeyPairSync("ed25519");
  const id = nodeIdOfKey(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  const discovery = new Sources({
    mode: mode as DiscoveryMode,
    peers: [],
    interfaces: names === "" ? [] : names.split(","),
    announcement: { id, port: Number(port), host: "::", meshTag, version: 1 },
    clock,
    timers,
    random: new SeededRandom(randomInt(2 ** 32)),
    log,
  });
  return { id, discovery };
});

for (const { id, discovery } of nodes) {
  await discovery.start((hint) => print({ type: "hint", self: id, ...hint }));
  print({ type: "started", id });
}

for await (const line of createInterface({ input: process.stdin })) {
  for (const { discovery } of nodes) {
    if (line === "refresh") discovery.refresh();
    if (line === "state") print({ type: "state", state: discovery.state() });
    if (line === "stop") await discovery.stop();
  }
  if (line === "stop") process.exit(0);
}
