import assert from "node:assert/strict";
import test from "node:test";
import { until } from "../hardware/watching.ts";
import { InstalledPi, type InstallFiles, WAIT_MS_MAX } from "./installed-pi.ts";

const given = process.env.VIRTUAL_PI_INSTALL;
const skip = given === undefined && "runs by npm run test:install, which makes the machine";

const CONFIG = "/etc/watercooler/watercooler.yaml";
/** The goal that the unit's own comments name. */
const EXPOSURE_MAX = 2;
/** So that a frozen node is not waited for a whole minute. */
const WATCHDOG_S = 20;
/** Enough that the cut falls among writes, not before them. A guess. */
const WRITTEN_MIN = 20;
const SENSORS = `
sensors:
  - { platform: push, name: box }
  - { platform: gpio, name: door, pin: 17, kind: motion }
neighbours: { update_interval: 1s }
`;
/** What a removed package may leave: Debian's own notes, and groups that others may use by now. */
const NOTES = [
  /^\/var\/lib\/(?:dpkg|apt|systemd|ucf)\b/,
  /^\/var\/(?:log|cache)\b/,
  /^\/etc\/(?:passwd|group|g?shadow|subuid|subgid)-?$/,
  /^\/etc\/\.pwd\.lock$/,
  /^\/root\b/,
  // Other services' own, by the name of the boot.
  /^\/var\/tmp\/systemd-private-[0-9a-f]+-systemd-/,
];

test("the package on a Pi", { skip }, async (t) => {
  const files = JSON.parse(given ?? "") as InstallFiles;
  const [former, newer] = files.versions;
  let markMs = performance.now();
  const told = (what: string) => {
    const nowMs = performance.now();
    console.log(`# ${what}: ${((nowMs - markMs) / 1_000).toFixed(1)} s`);
    markMs = nowMs;
  };
  const pi = await InstalledPi.boot(files);
  t.after(() => pi.stop());
  told("booted");
  const before = await pi.paths();
  const target = async () => {
    const text = await pi.ask("GET", "/v1/targets/lab/temperature");
    return (JSON.parse(text) as { value: number }).value;
  };
  let id = "";
  const isSame = async (value: number) => {
    assert.equal((await pi.answers()).id, id, "the same identity");
    assert.equal(await target(), value, "what was acknowledged");
  };

  await t.test("one step without a network gives an active service", async () => {
    const said = await pi.install(former);
    told("installed");
    const unit = await pi.unit();
    assert.equal(unit.ActiveState, "active", `${said}\n${await pi.journal()}`);
    const self = await pi.answers();
    id = self.id;
    assert.equal(self.version, former);
    assert.equal(self.name, "virtual-pi", "named as the host is");
    told("answers");
    assert.match(await pi.shell("watercooler status"), /virtual-pi/);
    assert.match(await pi.shell(`stat -c '%a %U:%G' ${CONFIG}`), /^640 root:watercooler/);
    assert.match(await pi.shell("stat -c '%a %U' /var/lib/watercooler"), /^700 watercooler/);
    assert.equal((await pi.attempt("systemctl is-enabled watercooler")).text.trim(), "enabled");
    assert.equal((await pi.attempt(`watercooler config check ${CONFIG}`)).ok, true);
  });

  await t.test("the sandbox holds it in and lets its sensors through", async () => {
    const file = await pi.shell(`cat ${CONFIG}`);
    await pi.write(CONFIG, `${file}\nnode: { room: lab }\n${SENSORS}`);
    await pi.shell("systemctl restart watercooler");
    await until(
      async () => (await pi.self())?.sensors.every(({ state }) => state === "ok"),
      WAIT_MS_MAX,
      () => "all sensors",
    );
    const reading = { sensor: "box", kind: "light", value: 120 };
    await pi.ask("POST", "/v1/readings", reading);
    await pi.ask("PUT", "/v1/targets/lab/temperature", { value: 20 });
    await isSame(20);
    // Whom it meets on the LAN it can read: here the machine's own gateway.
    await pi.attempt("timeout 2 bash -c '</dev/tcp/10.0.2.2/9'");
    const met = async () => (await pi.ask("GET", "/v1/network")).includes("10.0.2.2");
    await until(met, WAIT_MS_MAX, () => "the gateway in the neighbour table");
    const text = await pi.shell("systemd-analyze security watercooler --no-pager | tail -1");
    console.log(`# ${text.trim()}`);
    const [, exposure] = /exposure level for watercooler.service: ([\d.]+)/.exec(text) ?? [];
    assert.ok(Number(exposure) < EXPOSURE_MAX, text);
    told("sandbox");
  });

  await t.test("a reload takes a good configuration and refuses a bad one", async () => {
    const good = await pi.shell(`cat ${CONFIG}`);
    const unit = await pi.unit();
    await pi.write(CONFIG, `${good}\nwrong: key\n`);
    const refused = await pi.attempt("systemctl reload watercooler");
    assert.equal(refused.ok, false, "systemctl tells that it was refused");
    assert.equal((await pi.answers()).room, "lab", "the old one goes on");
    await pi.write(CONFIG, good.replace("room: lab", "room: lab, name: bench"));
    const taken = await pi.attempt("systemctl reload watercooler");
    assert.equal(taken.ok, true, `${taken.text}\n${await pi.journal()}`);
    await until(
      async () => (await pi.self())?.name === "bench",
      WAIT_MS_MAX,
      () => "the new name",
    );
    // systemd 252 waits out the start's limit where a node dies before it has said so.
    await until(
      async () => (await pi.unit()).ActiveState === "active",
      WAIT_MS_MAX,
      () => "the end of the reload, told to systemd",
    );
    assert.equal((await pi.unit()).MainPID, unit.MainPID, "the same process");
    told("reloaded");
  });

  await t.test("killed, it comes back by itself", async () => {
    const unit = await pi.unit();
    await pi.shell("systemctl kill -s KILL watercooler");
    await pi.comesBack(unit);
    await isSame(20);
    told("back after a kill");
  });

  await t.test("frozen, it is ended by the watchdog and comes back", async () => {
    const dropIn = "/run/systemd/system/watercooler.service.d";
    await pi.shell(`mkdir -p ${dropIn}`);
    await pi.write(`${dropIn}/watchdog.conf`, `[Service]\nWatchdogSec=${WATCHDOG_S}s\n`);
    await pi.shell("systemctl daemon-reload && systemctl restart watercooler");
    await pi.answers();
    const unit = await pi.unit();
    told("started with a short watchdog");
    await pi.shell(`kill -STOP ${unit.MainPID}`);
    await pi.comesBack(unit);
    assert.match(await pi.shell("journalctl -u watercooler --no-pager"), /Watchdog timeout/);
    await isSame(20);
    await pi.shell(`rm -r ${dropIn} && systemctl daemon-reload && systemctl restart watercooler`);
    await pi.answers();
    told("back after a freeze");
  });

  await t.test("the power cut in mid-write loses nothing acknowledged", async () => {
    let acknowledged = 20;
    let written = 0;
    let failed: Error | undefined;
    let isOn = true;
    const put = (value: number) => pi.ask("PUT", "/v1/targets/lab/temperature", { value });
    const writing = (async () => {
      for (let value = 10; isOn; value = value === 29.9 ? 10 : Math.round(value * 10 + 1) / 10) {
        await put(value);
        acknowledged = value;
        written += 1;
      }
    })().catch((error: Error) => {
      failed = error;
    });
    await until(
      async () => failed !== undefined || written >= WRITTEN_MIN,
      WAIT_MS_MAX,
      () => "some writes",
    );
    const cut = pi.cutPower();
    isOn = false;
    await Promise.all([cut, writing]);
    assert.match(String(failed?.message ?? "the machine is gone"), /the machine is gone/);
    await pi.answers();
    const now = await target();
    const next = Math.round(acknowledged * 10 + 1) / 10;
    assert.ok(
      now === acknowledged || now === next,
      `${acknowledged} was acknowledged, it is ${now}`,
    );
    assert.equal((await pi.self())?.id, id);
    await pi.ask("PUT", "/v1/targets/lab/temperature", { value: 21 });
    told("back after a power cut, boot included");
  });

  await t.test("an upgrade keeps identity, data and configuration", async () => {
    await pi.install(newer);
    told("upgraded");
    assert.equal((await pi.unit()).ActiveState, "active", await pi.journal());
    assert.equal((await pi.answers()).version, newer);
    await isSame(21);
    assert.equal((await pi.self())?.room, "lab");
    await until(
      async () => (await pi.health())?.status === "ok",
      WAIT_MS_MAX,
      () => "health to be ok",
    );
  });

  await t.test("removed, the data stays; installed again, it is the same node", async () => {
    const said = await pi.apt("remove watercooler");
    assert.match(said, /stay in \/var\/lib\/watercooler/);
    assert.notEqual((await pi.unit()).ActiveState, "active");
    assert.equal((await pi.attempt("test -e /usr/lib/watercooler")).ok, false);
    await pi.install(newer);
    await isSame(21);
    told("removed and installed again");
  });

  await t.test("purged, nothing is left but what it says", async () => {
    const said = await pi.apt("purge watercooler");
    assert.match(said, /removing \/var\/lib\/watercooler .*\/etc\/watercooler and the user/);
    const after = await pi.paths();
    const left = [...after].filter(
      (path) => !before.has(path) && !NOTES.some((note) => note.test(path)),
    );
    assert.deepEqual(left, []);
    const lost = [...before].filter(
      (path) => !after.has(path) && !NOTES.some((note) => note.test(path)),
    );
    assert.deepEqual(lost, []);
    assert.equal((await pi.attempt("getent passwd watercooler")).ok, false);
    assert.equal((await pi.attempt("getent group watercooler")).ok, false);
    const units = await pi.shell("systemctl list-units --all --no-legend --failed --plain");
    assert.doesNotMatch(units, /watercooler/);
    told("purged");
  });
});
