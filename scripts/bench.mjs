// "npm run bench": makes ready what it measures, then measures in a network namespace of its own,
// where every byte is ours and multicast has an interface. Without the right to make one it runs on
// loopback as it is, and says so. "npm run bench -- in-process" measures what needs no network.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { build } from "esbuild";
import { bundleOptions } from "./bundle-options.mjs";

const RIVALS = "bench/rivals";
const ADDRESS = "10.77.0.1";
const LAN = [
  "ip link set lo up",
  // A pair of which one end goes nowhere: not every kernel has interfaces without an end.
  "ip link add lan type veth peer name end",
  "ip link set end up",
  `ip addr add ${ADDRESS}/24 dev lan`,
  "ip link set lan up multicast on",
  "ip route add default dev lan",
].join(" && ");

const IN_PROCESS = ["joins", "simulator", "flash", "frames"];

const words = process.argv.slice(2);
const parts = words[0] === "in-process" ? IN_PROCESS : words.slice(0, 1);
const isInProcess = parts.every((part) => IN_PROCESS.includes(part)) && parts.length > 0;
const program = ["dist/build/bench/main.js", ...(isInProcess ? ["--help"] : words)];

if ((!isInProcess || parts.includes("joins")) && !existsSync(`${RIVALS}/node_modules`)) {
  console.error("Installing what is measured beside it, once ...");
  const npm = ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"];
  const done = spawnSync("npm", [...npm, "--loglevel=error"], { cwd: RIVALS, stdio: "inherit" });
  if (done.status !== 0) process.exit(done.status ?? 1);
}
if (isInProcess && !words.includes("--help")) {
  for (const part of parts) {
    const main = ["dist/build/bench/in-process/main.js", part, ...words.slice(1)];
    const done = spawnSync(process.execPath, main, { stdio: "inherit" });
    if (done.status !== 0) process.exit(done.status ?? 1);
  }
  process.exit(0);
}
await build({
  ...bundleOptions,
  entryPoints: ["bench/peers/ours.ts"],
  outdir: "dist/bench/app",
});

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
const isolated = (flags) => [
  "unshare",
  [flags, "--", "sh", "-c", `${LAN} && exec "$@"`, "sh", process.execPath, ...program],
];
const tries = process.getuid?.() === 0 ? ["-n"] : ["-rn"];
for (const flags of tries) {
  if (spawnSync("unshare", [flags, "sh", "-c", LAN], { env, stdio: "ignore" }).status !== 0)
    continue;
  const [command, args] = isolated(flags);
  const done = spawnSync(command, args, {
    env: { ...env, BENCH_ADDRESS: ADDRESS },
    stdio: "inherit",
  });
  process.exit(done.status ?? 1);
}
console.error("No network namespace can be made here: other programs' bytes are counted too.");
process.exit(spawnSync(process.execPath, program, { env, stdio: "inherit" }).status ?? 1);
