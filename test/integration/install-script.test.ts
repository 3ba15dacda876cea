import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../../../deploy/install.sh", import.meta.url));
const PACKAGE = "watercooler_0.1.0_arm64.deb";
const INSTALLS = /^env DEBIAN_FRONTEND=noninteractive apt-get install .*--force-confold (\S+)$/m;

/** A machine as the script sees it: by the programs it asks. */
interface Machine {
  readonly arch?: string;
  readonly model?: string;
  readonly i2c?: "on" | "off" | "no raspi-config";
  readonly root?: "root" | "somebody";
  /** What systemd says, one answer a question, the last for ever. */
  readonly service?: readonly string[];
}

interface Tried {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The commands that would have changed a real machine. */
  readonly done: string;
}

/** Programs that answer as such a machine's would, before all others on the path. */
function machine(context: TestContext, how: Machine) {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-install-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const { arch = "arm64", model = "Raspberry Pi 4 Model B Rev 1.5", i2c = "on" } = how;
  const { root = "root", service = ["active"] } = how;
  const done = join(folder, "done");
  const states = join(folder, "states");
  const program = (name: string, ...lines: readonly string[]) => {
    writeFileSync(join(folder, name), ["#!/bin/sh", ...lines, ""].join("\n"));
    chmodSync(join(folder, name), 0o755);
  };
  writeFileSync(states, `${service.join("\n")}\n`);
  program("dpkg", `echo ${arch}`);
  program("head", `printf '${model}\\0'`);
  program("id", `echo ${root === "root" ? 0 : 1000}`);
  program("hostname", "echo 192.0.2.7 fd00::7");
  program("sleep");
  // Its exit code says whether it is active; each question takes an answer away but for the last.
  program(
    "systemctl",
    `read -r state <${states}`,
    `[ $(wc -l <${states}) = 1 ] || sed -i 1d ${states}`,
    "echo $state",
    "[ $state = active ]",
  );
  program("env", `echo "env $*" >>${done}`);
  if (i2c !== "no raspi-config") {
    program(
      "raspi-config",
      `[ "$2" != get_i2c ] || { echo ${i2c === "on" ? 0 : 1}; exit; }`,
      `echo "raspi-config $*" >>${done}`,
    );
  }
  const path = `${folder}:${process.env.PATH}`;
  const run = (...args: readonly string[]): Tried => {
    const { status, stdout, stderr } = spawnSync("/bin/sh", [join(folder, "install.sh"), ...args], {
      encoding: "utf8",
      cwd: folder,
      env: { PATH: path },
    });
    return { status, stdout, stderr, done: existsSync(done) ? readFileSync(done, "utf8") : "" };
  };
  writeFileSync(join(folder, "install.sh"), readFileSync(SCRIPT));
  const put = (name: string) => writeFileSync(join(folder, name), "");
  return { folder, run, put };
}

function assertStopped({ status, stderr, done }: Tried, says: RegExp): void {
  assert.equal(status, 1);
  assert.match(stderr, /^install\.sh: [^\n]+\n$/);
  assert.match(stderr, says);
  assert.equal(done, "", "nothing was changed");
}

test("install.sh: installs the newest package beside it, and says where the page is", (context) => {
  const { folder, run, put } = machine(context, {
    i2c: "off",
    service: ["inactive", "activating", "active"],
  });
  for (const name of ["watercooler_0.9.0_arm64.deb", "watercooler_0.10.0_arm64.deb"]) put(name);
  put("watercooler_0.11.0_amd64.deb");
  const { status, stdout, stderr, done } = run();
  assert.equal(status, 0, stderr);
  assert.match(done, /^raspi-config nonint do_i2c 0$/m);
  assert.equal(INSTALLS.exec(done)?.[1], join(folder, "watercooler_0.10.0_arm64.deb"));
  assert.match(stdout, /^Raspberry Pi 4 .* for arm64$/m);
  assert.match(stdout, /^It runs\. The page: http:\/\/192\.0\.2\.7:8080 /m);
});

test("install.sh: where I2C is on already it is left alone, and a name alone is a path", (context) => {
  const { run, put } = machine(context, {});
  put(PACKAGE);
  const { status, stdout, done } = run(PACKAGE);
  assert.equal(status, 0);
  assert.match(stdout, /^I2C is on$/m);
  assert.doesNotMatch(done, /raspi-config/);
  assert.equal(INSTALLS.exec(done)?.[1], `./${PACKAGE}`);
});

test("install.sh: a dry run says all and does nothing, also for who is not root", (context) => {
  const { run, put } = machine(context, { i2c: "off", root: "somebody" });
  put(PACKAGE);
  const { status, stdout, done } = run("--dry-run");
  assert.equal(status, 0);
  assert.equal(done, "");
  assert.match(stdout, /^would run: raspi-config nonint do_i2c 0$/m);
  assert.match(stdout, /^would run: env .*apt-get install .*watercooler_0\.1\.0_arm64\.deb$/m);
  assertStopped(run(), /installing needs root: sudo sh/);
});

test("install.sh: a 32-bit system is told what its board can do", (context) => {
  const zero = machine(context, { arch: "armhf", model: "Raspberry Pi Zero W Rev 1.1" });
  assertStopped(zero.run("--dry-run"), /push sensor over the network, or over USB/);
  const old = machine(context, { arch: "armhf", model: "Raspberry Pi Zero 2 W Rev 1.0" });
  assertStopped(old.run(), /64-bit Raspberry Pi OS/);
  assertStopped(machine(context, { arch: "riscv64" }).run(), /only for arm64 and amd64/);
});

test("install.sh: a package that is missing or for another system is one line", (context) => {
  const { run, put } = machine(context, {});
  assertStopped(run(), /no watercooler_\*_arm64\.deb beside this script/);
  assertStopped(run("elsewhere_arm64.deb"), /can't be read/);
  put("watercooler_0.1.0_amd64.deb");
  assertStopped(run("watercooler_0.1.0_amd64.deb"), /ends in _arm64\.deb/);
  assertStopped(run("--dry"), /no option --dry/);
});

test("install.sh: without raspi-config the line for I2C is told, and the rest goes on", (context) => {
  const { run, put } = machine(context, { i2c: "no raspi-config" });
  put(PACKAGE);
  const { status, stdout } = run();
  assert.equal(status, 0);
  assert.match(stdout, /dtparam=i2c_arm=on/);
});

test("install.sh: a node that waits at the door is no failure, one that fails is", (context) => {
  const waits = machine(context, { service: ["activating"] });
  waits.put(PACKAGE);
  const waiting = waits.run();
  assert.equal(waiting.status, 0, waiting.stderr);
  assert.match(waiting.stdout, /watercooler admit CODE/);
  const fails = machine(context, { service: ["activating", "failed"] });
  fails.put(PACKAGE);
  const failed = fails.run();
  assert.equal(failed.status, 1);
  assert.match(failed.stderr, /does not run \(failed\): sudo journalctl -u watercooler/);
});

const skip =
  spawnSync("shellcheck", ["--version"]).error === undefined ? false : "needs shellcheck";

test("install.sh: shellcheck has nothing to say", { skip }, () => {
  const { stdout } = spawnSync("shellcheck", ["-s", "sh", SCRIPT], { encoding: "utf8" });
  assert.equal(stdout, "");
});
