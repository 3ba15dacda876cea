import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { parse } from "yaml";
import { checkConfig } from "../../src/config/check.ts";
import { cardMaker, EXAMPLE_TABLE, INVITATION } from "./made-cards.ts";

interface UserData {
  readonly hostname: string;
  readonly users?: readonly { readonly name: string; readonly ssh_authorized_keys: string[] }[];
  readonly write_files: readonly { readonly path: string; readonly content: string }[];
  readonly runcmd: readonly (readonly string[])[];
}

function userDataIn(folder: string): UserData {
  const text = readFileSync(join(folder, "user-data"), "utf8");
  assert.match(text, /^#cloud-config\n/, "cloud-init goes by the first line");
  return parse(text) as UserData;
}

test("cards: each row becomes a card whose node has its name, its room and the invitation", async (context) => {
  const { out, make } = cardMaker(context);
  const made = make(EXAMPLE_TABLE, "--peer", "10.0.0.1:7946");
  assert.equal(made.status, 0, made.stderr);
  assert.deepEqual(readdirSync(out), ["hall-pi", "kitchen-pi", "meeting-room-pi"]);
  for (const [name, room] of [
    ["hall-pi", "hall-pi"],
    ["kitchen-pi", "kitchen"],
    ["meeting-room-pi", "meeting-room"],
  ] as const) {
    const { hostname, write_files: files, runcmd, users } = userDataIn(join(out, name));
    assert.equal(hostname, name);
    assert.equal(users, undefined);
    const [{ path, content } = { path: "", content: "" }] = files;
    assert.equal(path, "/etc/watercooler/watercooler.yaml");
    const checked = await checkConfig(path, content);
    assert.ok(checked.ok, JSON.stringify(checked));
    assert.deepEqual(checked.value.node, { name, room });
    assert.deepEqual(checked.value.mesh, { invite: INVITATION, peers: ["10.0.0.1:7946"] });
    const [[shell, script = "", deb = ""] = []] = runcmd;
    assert.equal(shell, "sh");
    for (const file of [script, deb]) {
      assert.ok(existsSync(join(out, name, file.replace("/boot/firmware/", ""))), file);
    }
    const meta = parse(readFileSync(join(out, name, "meta-data"), "utf8")) as object;
    assert.deepEqual(meta, { "instance-id": `watercooler-${name}`, "local-hostname": name });
  }
});

test("cards: Wi-Fi and a key for SSH go on as they were given, odd characters too", (context) => {
  const { put, out, make } = cardMaker(context);
  const key = "ssh-ed25519 AAAAC3Nz ana@desk";
  const password = " \"p:a#s\\s' é";
  const made = make(
    put("table.csv", '\uFEFFname;room\r\n"lab-pi";"lab"\r\n\r\n'),
    ...["--ssh-key", put("id.pub", `${key}\n`), "--user", "ana", "--country", "PT"],
    ...["--wifi", "Office: 1", "--wifi-password", put("wifi", `${password}\n`)],
  );
  assert.equal(made.status, 0, made.stderr);
  const [user] = userDataIn(join(out, "lab-pi")).users ?? [];
  assert.equal(user?.name, "ana");
  assert.deepEqual(user?.ssh_authorized_keys, [key]);
  const network = parse(readFileSync(join(out, "lab-pi/network-config"), "utf8")) as {
    network: { version: number; wifis: { wlan0: Record<string, unknown> } };
  };
  assert.equal(network.network.version, 2);
  const { wlan0 } = network.network.wifis;
  assert.deepEqual(wlan0["access-points"], { "Office: 1": { password } });
  assert.equal(wlan0["regulatory-domain"], "PT");
});

test("cards: a slip in the table is one line that names it, and nothing is written", (context) => {
  const { put, out, make } = cardMaker(context);
  const slips: readonly (readonly [text: string, says: RegExp])[] = [
    ["room\nlab\n", /the first line has to be "name,room"/],
    ["name,rom\n", /the first line/],
    ["name,room\n", /no rows/],
    ["name\nlab\n\nlab\n", /table\.csv:4: "lab" is in line 2 already$/m],
    ["name\nLab Pi\n", /table\.csv:2: "Lab Pi" is no host name/],
    ["name,room\nlab,The Lab\n", /table\.csv:2: "The Lab" is no room/],
    ["name\nlab,1,2\n", /table\.csv:2: more cells/],
  ];
  for (const [text, says] of slips) {
    const { status, stderr } = make(put("table.csv", text));
    assert.equal(status, 1, text);
    assert.match(stderr, /^make-cards: [^\n]+\n$/);
    assert.match(stderr, says);
  }
  const table = put("table.csv", "name\nlab\n");
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [["--invitation", "01234"], /eight groups of five/],
    [["--deb", "watercooler_0.1.0_amd64.deb"], /_arm64\.deb/],
    [["--wifi", "Office"], /needs --wifi-password/],
    [["--ssh-key", put("key", "-----BEGIN")], /\.pub/],
    [["--ssh-key", "/nonexistent"], /can't be read \(ENOENT\)/],
    [["--wlan", "x"], /--wlan.*see --help/],
  ];
  for (const [args, says] of wrong) {
    const { status, stderr } = make(table, ...args);
    assert.equal(status, 1, args.join(" "));
    assert.match(stderr, /^make-cards: [^\n]+\n$/);
    assert.match(stderr, says);
  }
  assert.equal(existsSync(out), false);
});
