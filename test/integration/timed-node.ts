// A node whose wall clock moves only as it is told by the process that started it; all else is the
// daemon's own. Run as a process of its own: node timed-node.js CONFIG WALL_MS.
import { homedir, hostname } from "node:os";
import { loadConfig } from "../../src/config/load.ts";
import { startNode } from "../../src/run-node.ts";

const [, , explicitPath = "", wall = "0"] = process.argv;
let wallMs = Number(wall);
const clock = { wallMs: () => wallMs, monotonicMs: () => performance.now() };
const log = {
  write: (level: string, message: string, fields: object = {}) =>
    console.error(level, message, JSON.stringify(fields)),
};

const around = { env: {}, hostname: hostname(), homedir: homedir(), cwd: "/", explicitPath };
const loaded = await loadConfig(around);
if (!loaded.ok) throw new Error(loaded.error.join("; "));
const { signal } = new AbortController();
const ports = { clock, log, signal, version: "0.0.0" };
const started = await startNode(loaded.value.config, ports);
if (!started.ok) throw new Error(started.error);
const { apiAddresses, stop } = started.value;

process.on("message", (told: number) => {
  wallMs = told;
  process.send?.({ wallMs });
});
const quit = () => void stop().then(() => process.exit(0));
process.on("SIGTERM", quit);
process.on("disconnect", quit);
process.send?.({ api: `http://${apiAddresses[0]}` });
