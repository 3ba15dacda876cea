import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { MemoryFiles } from "../../firmware-bridge/src/sysfs/memory.ts";
import { completeConfig } from "../../src/config/config.ts";
import type { ConfigFile } from "../../src/config/schema.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { checkClock } from "../../src/doctor/machine.ts";
import { checkPower } from "../../src/doctor/power.ts";
import type { Run } from "../../src/doctor/run.ts";
import { checkService } from "../../src/doctor/service.ts";
import { checkServiceUser } from "../../src/doctor/service-user.ts";
import { checkWifi } from "../../src/doctor/wifi.ts";

/** A machine whose programs print these texts, by their first words; others are not there. */
function programs(answers: Readonly<Record<string, string>>): Run {
  return async (...words) => {
    const asked = words.join(" ");
    const known = Object.keys(answers).find((start) => asked.startsWith(start));
    return known === undefined ? "" : (answers[known] ?? "");
  };
}

const NONE = programs({});

function folder(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "watercooler-doctor-"));
  context.after(() => rmSync(path, { recursive: true }));
  return path;
}

const lines = (findings: readonly Finding[]) =>
  findings.map(
    ({ state, says, mend }) => `${state} ${says}${mend === undefined ? "" : `: ${mend}`}`,
  );

test("a clock in 1970 fails, one that nobody sets is a warning", async () => {
  const [finding] = await checkClock(0, NONE);
  assert.equal(finding?.state, "fail");
  assert.match(finding?.says ?? "", /1970-01-01/);
  const now = Date.UTC(2026, 10, 21);
  assert.equal((await checkClock(now, NONE))[0]?.state, "warn");
  assert.equal((await checkClock(now, programs({ timedatectl: "yes" })))[0]?.state, "ok");
});

test("under-voltage and heat are told while they last and after them", async (context) => {
  const path = join(folder(context), "get_throttled");
  const statesOf = async (bits: string) => {
    writeFileSync(path, `${bits}\n`);
    return lines(await checkPower(NONE, path)).map((line) => line.split(":")[0]);
  };
  assert.deepEqual(await checkPower(NONE, path), [], "no Pi");
  assert.deepEqual(await statesOf("0"), ["ok no under-voltage or heat since boot"]);
  assert.deepEqual(await statesOf("50005"), ["fail under-voltage now"]);
  assert.deepEqual(await statesOf("0x50000"), ["warn under-voltage since boot"]);
  assert.deepEqual(await statesOf("e0008"), ["warn slowed down by heat now"]);
  assert.deepEqual(await statesOf("40000"), ["warn slowed down by heat since boot"]);
  const firmware = programs({ "vcgencmd get_throttled": "throttled=0x1" });
  assert.equal((await checkPower(firmware, "/nonexistent"))[0]?.says, "under-voltage now");
});

test("a Wi-Fi that sleeps is a warning", async () => {
  const files = new MemoryFiles();
  files.put("/sys/class/net/eth0", { address: "" });
  files.put("/sys/class/net/wlan0/wireless", { status: "" });
  const told = async (run: Run) => lines(await checkWifi(files, run));
  assert.deepEqual(await told(NONE), []);
  const asked = "iw dev wlan0 get power_save";
  assert.deepEqual(await told(programs({ [asked]: "Power save: off" })), ["ok wlan0 stays awake"]);
  const [sleeps] = await told(programs({ [asked]: "Power save: on" }));
  assert.match(sleeps ?? "", /^warn wlan0 saves power, .*: sudo iw dev wlan0 set power_save off/);
});

const UNIT = {
  LoadState: "loaded",
  ActiveState: "active",
  UnitFileState: "enabled",
  NRestarts: "0",
};

function configOf(file: ConfigFile) {
  return completeConfig(file, { env: {}, hostname: "pi", homedir: "/nonexistent" });
}

/** What is said of a unit with these properties. */
async function serviceLines(
  unit: Readonly<Record<string, string>>,
  file: ConfigFile = {},
  controllers?: string,
): Promise<readonly string[]> {
  const properties = Object.entries({ ...UNIT, ...unit });
  const text = properties.map(([name, value]) => `${name}=${value}`).join("\n");
  const run = programs({ "systemctl show watercooler": text });
  return lines(await checkService(configOf(file), run, controllers));
}

test("the service: nothing where there is none, and what ails one that is there", async () => {
  assert.deepEqual(await checkService(configOf({}), NONE), []);
  assert.deepEqual(await serviceLines({ LoadState: "not-found", ActiveState: "inactive" }), []);
  assert.deepEqual(await serviceLines({}), ["ok active"]);
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp])[] = [
    [{ NRestarts: "7" }, /^warn active, restarted 7 times: see why: sudo journalctl/],
    [{ ActiveState: "activating" }, /^warn activating: it may wait to be let into a mesh/],
    [{ ActiveState: "inactive" }, /^fail inactive: sudo systemctl start watercooler$/],
    [{ ActiveState: "failed", ExecMainStatus: "78" }, /^fail .*refused: sudo watercooler config/],
    [
      { ActiveState: "failed", ExecMainStatus: "77" },
      /^fail .*its mesh refuses it: sudo journalctl/,
    ],
    [{ ActiveState: "failed", ExecMainStatus: "1" }, /^fail failed: sudo journalctl/],
  ];
  for (const [unit, says] of cases) assert.match((await serviceLines(unit))[0] ?? "", says);
  const [, disabled] = await serviceLines({ UnitFileState: "disabled" });
  assert.match(disabled ?? "", /^warn does not start .*: sudo systemctl enable watercooler$/);
});

test("the service: a serial port that its unit does not list fails with the line to add", async () => {
  // A character device that is everywhere: 1, 3 by Linux' admin-guide/devices.txt.
  const file: ConfigFile = { sensors: [{ platform: "serial", name: "box", path: "/dev/null" }] };
  const closed = {
    DevicePolicy: "closed",
    DeviceAllow: "char-89 rw\nDeviceAllow=char-gpiochip rw",
  };
  assert.deepEqual((await serviceLines(closed, file)).slice(1), [
    "fail may not use /dev/null: sudo systemctl edit watercooler, with [Service] and " +
      "DeviceAllow=char-1 rw, then restart it",
  ]);
  for (const rule of ["char-1 rw", "/dev/null rw", "char-null rw"]) {
    const unit = { ...closed, DeviceAllow: `char-89 rw\nDeviceAllow=${rule}` };
    assert.deepEqual(await serviceLines(unit, file), ["ok active"], rule);
  }
  assert.deepEqual(await serviceLines({ DevicePolicy: "auto", DeviceAllow: "" }, file), [
    "ok active",
  ]);
  const gone: ConfigFile = { sensors: [{ platform: "serial", name: "box", path: "/dev/no-such" }] };
  assert.deepEqual(await serviceLines(closed, gone), ["ok active"]);
});

test("the service: what is sent outside is told where its unit keeps it inside", async () => {
  const shut = { IPAddressDeny: "::/0 0.0.0.0/0", IPAddressAllow: "10.0.0.0/8 ::1/128" };
  const to = (...urls: readonly string[]): ConfigFile => ({
    announce: urls.map((url) => ({ to: "ntfy", url })),
  });
  const inside = to(
    "http://10.0.0.9/x",
    "http://hooks.local/x",
    "http://[fd00::1]/x",
    "http://pi/x",
  );
  assert.deepEqual(await serviceLines(shut, inside), ["ok active"]);
  const outside: ConfigFile = {
    ...to("https://ntfy.sh/office", "http://192.0.2.1/x"),
    mqtt: { url: "mqtts://broker.example:8883" },
  };
  const [, told] = await serviceLines(shut, outside);
  assert.match(
    told ?? "",
    /^warn broker\.example, ntfy\.sh, 192\.0\.2\.1 may be outside .*IPAddressAllow=any/,
  );
  for (const IPAddressAllow of ["any", "::/0 0.0.0.0/0"]) {
    assert.deepEqual(await serviceLines({ ...shut, IPAddressAllow }, outside), ["ok active"]);
  }
  assert.deepEqual(await serviceLines({}, outside), ["ok active"]);
});

test("the service: a memory limit that the kernel does not keep is told", async (context) => {
  const path = join(folder(context), "cgroup.controllers");
  const limited = { MemoryMax: "251658240" };
  writeFileSync(path, "cpuset cpu io pids\n");
  const [, told] = await serviceLines(limited, {}, path);
  assert.match(told ?? "", /^warn its memory is not limited.*cgroup_enable=memory/);
  assert.deepEqual(await serviceLines({ MemoryMax: "infinity" }, {}, path), ["ok active"]);
  writeFileSync(path, "cpuset cpu io memory pids\n");
  assert.deepEqual(await serviceLines(limited, {}, path), ["ok active"]);
});

test("the service's user is judged by its own groups, not by who asks", async (context) => {
  const path = join(folder(context), "i2c-1");
  writeFileSync(path, "");
  chmodSync(path, 0o660);
  const { gid } = statSync(path);
  const way = { path, use: "read and write", group: "i2c", need: "needed" } as const;
  const told = async (groups: string, over: object = {}) =>
    lines(
      await checkServiceUser(
        [{ ...way, ...over }],
        programs({ "id -u watercooler": "4242", "id -G watercooler": groups }),
      ),
    );
  assert.deepEqual(await told(`4242 ${gid}`), []);
  assert.deepEqual(await told("4242"), [
    `fail the service's user may not use ${path}: ` +
      "sudo usermod -aG i2c watercooler && sudo systemctl restart watercooler",
  ]);
  assert.deepEqual(await told("4242", { need: "not needed" }), []);
  assert.deepEqual(await checkServiceUser([way], NONE), [], "there is no such user");
  chmodSync(path, 0o620);
  assert.equal((await told(`4242 ${gid}`)).length, 1);
  assert.deepEqual(await told(`4242 ${gid}`, { use: "write" }), []);
});
