import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { PROGRAM } from "./cli-harness.ts";

const FOLDER = fileURLToPath(new URL("../../../../deploy/ansible/", import.meta.url));
const has = spawnSync("ansible-playbook", ["--version"]).error === undefined;
const skip = has ? false : "needs ansible-core";

/** A folder for what Ansible keeps, and Ansible that finds the programs in it first. */
function ansible(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "watercooler-ansible-"));
  context.after(() => rmSync(folder, { recursive: true }));
  const env = {
    ...process.env,
    PATH: `${folder}:${process.env.PATH}`,
    // Without UTF-8 it does not start.
    LC_ALL: "C.UTF-8",
    ANSIBLE_PIPELINING: "1",
    ANSIBLE_HOME: folder,
    ANSIBLE_LOCAL_TEMP: folder,
  };
  const play = (inventory: string, ...more: readonly string[]) => {
    const args = ["-i", inventory, "site.yml", ...more];
    return spawnSync("ansible-playbook", args, { cwd: FOLDER, encoding: "utf8", env });
  };
  return { folder, play };
}

test("ansible: the example inventory and the playbook are in order", { skip }, (context) => {
  const { status, stderr } = ansible(context).play("inventory.example.yml", "--syntax-check");
  assert.equal(status, 0, stderr);
});

test("ansible: writes a node's configuration and reloads it; a bad one stays unwritten", {
  skip,
}, (context) => {
  const { folder, play } = ansible(context);
  const program = (name: string, text: string) =>
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  program("watercooler", `exec ${process.execPath} ${PROGRAM} "$@"`);
  program(
    "systemctl",
    `[ $1 = show ] || echo "$*" >>${folder}/asked
printf 'Id=watercooler.service\\nLoadState=loaded\\nActiveState=active\\n'`,
  );
  const here = {
    ansible_connection: "local",
    ansible_become: false,
    ansible_remote_tmp: folder,
    watercooler_peers: ["10.0.0.1:7946"],
  };
  const good = {
    ...here,
    watercooler_room: "lab",
    watercooler_invitation: "01234-56789",
    watercooler_config: {
      mesh: { discovery: "off" },
      sensors: [{ platform: "bme280", name: "climate", address: 0x76 }],
    },
    watercooler_file_path: join(folder, "etc/good.yaml"),
  };
  const bad = {
    ...here,
    watercooler_config: { sensors: [{ platform: "bme28", name: "climate" }] },
    watercooler_file_path: join(folder, "etc/bad.yaml"),
  };
  // JSON is YAML; Ansible goes by the name's end.
  const inventory = join(folder, "inventory.yml");
  const hosts = { "lab-pi.local": good, "bad-pi.local": bad };
  writeFileSync(inventory, JSON.stringify({ watercooler: { hosts } }));
  const { status, stdout } = play(inventory, "--tags", "configuration");
  assert.equal(status, 2, stdout);
  assert.match(stdout, /bad-pi\.local\]: FAILED!.*did you mean bme280/);
  assert.equal(existsSync(bad.watercooler_file_path), false);

  assert.match(stdout, /lab-pi\.local +: ok=\d+ +changed=[1-9]\d* +unreachable=0 +failed=0/);
  assert.deepEqual(parse(readFileSync(good.watercooler_file_path, "utf8")), {
    data: "/var/lib/watercooler",
    node: { name: "lab-pi", room: "lab" },
    mesh: { invite: "01234-56789", peers: ["10.0.0.1:7946"], discovery: "off" },
    sensors: [{ platform: "bme280", name: "climate", address: 0x76 }],
  });
  assert.equal(readFileSync(join(folder, "asked"), "utf8"), "reload watercooler\n");
});
