import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { loadOrMintCertificate } from "../../src/trust/certificate.ts";
import { createSecret, type Identity, loadOrCreateIdentity } from "../../src/trust/identity.ts";
import { makeFolder } from "../../src/trust/make-folder.ts";
import { membershipPath, readMembership } from "../../src/trust/membership-file.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MINT = at("../../src/trust/mint-certificate.js");
const STARTERS = 6;

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "watercooler-trust-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function identityIn(dir: string): Identity {
  const identity = loadOrCreateIdentity(dir);
  assert.ok(identity.ok, identity.ok ? "" : identity.error);
  return identity.value;
}

test("a key is made once, for this user alone, and found again", (t) => {
  const dir = folder(t);
  const made = identityIn(dir);
  assert.equal(identityIn(dir).id, made.id);
  assert.equal(statSync(join(dir, "identity.pem")).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(dir), ["identity.pem"]);
});

test("a secret that somebody else made meanwhile stays, and is what is given", (t) => {
  const path = join(folder(t), "key");
  assert.equal(createSecret(path, "first"), "first");
  assert.equal(createSecret(path, "second"), "first");
  assert.equal(readFileSync(path, "utf8"), "first");
  assert.deepEqual(readdirSync(join(path, "..")), ["key"]);
});

test("first starts at once end in one identity", async (t) => {
  const dir = folder(t);
  const source = `
    import { loadOrCreateIdentity } from ${JSON.stringify(at("../../src/trust/identity.js"))};
    const [dir, startMs] = process.argv.slice(1);
    while (Date.now() < Number(startMs));
    const identity = loadOrCreateIdentity(dir);
    console.log(identity.value.id);`;
  // A node starts within a second; whoever is late reads what is there, which is right as well.
  const startMs = String(Date.now() + 1_000);
  const args = ["--input-type=module", "-e", source, dir, startMs];
  const runs = await Promise.all(
    Array.from({ length: STARTERS }, () => promisify(execFile)(process.execPath, args)),
  );
  assert.equal(new Set(runs.map(({ stdout }) => stdout.trim())).size, 1);
  assert.deepEqual(readdirSync(dir), ["identity.pem"]);
});

test("a damaged key is refused in one line that says what to do, and left as it is", (t) => {
  const dir = folder(t);
  const path = join(dir, "identity.pem");
  for (const damaged of ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAA"]) {
    writeFileSync(path, damaged);
    const identity = loadOrCreateIdentity(dir);
    assert.ok(!identity.ok);
    assert.match(identity.error, /^the node's key .+ is damaged .+: put it back from a backup, or/);
    assert.ok(!identity.error.includes("\n"));
    assert.equal(readFileSync(path, "utf8"), damaged);
  }
  writeFileSync(membershipPath(dir), '{"mesh": "did:key:zNobody"}');
  const membership = readMembership(dir);
  assert.ok(!membership.ok);
  assert.match(membership.error, /is damaged: put it back from a backup, or remove it and join/);
});

test("a certificate that is missing, garbage, another key's or unreadable is made anew", async (t) => {
  const dir = folder(t);
  const identity = identityIn(dir);
  const path = join(dir, "identity.crt");
  const load = async (of: Identity) => {
    const loaded = await loadOrMintCertificate(dir, of, MINT);
    assert.ok(loaded.ok, loaded.ok ? "" : loaded.error);
    assert.equal(readFileSync(path, "utf8"), loaded.value);
    return loaded.value;
  };
  const first = await load(identity);
  assert.equal(await load(identity), first);
  writeFileSync(path, Buffer.from([0xff, 0xfe, 0x00]));
  await load(identity);
  rmSync(path);
  // A link to itself can't be opened, by nobody.
  symlinkSync(path, path);
  await load(identity);
  mkdirSync(join(dir, "other"));
  const other = identityIn(join(dir, "other"));
  await load(other);
  const again = await load(identity);
  assert.ok(again.startsWith("-----BEGIN CERTIFICATE-----"));
  assert.deepEqual(readdirSync(dir).sort(), ["identity.crt", "identity.pem", "other"]);
});

test("a folder that can't be made is one line, and never an endless try", () => {
  const made = makeFolder("/proc/nowhere/at/all");
  assert.ok(!made.ok);
  assert.match(made.error, /^can't make the folder \/proc\/nowhere\/at\/all [^\n]*--data$/);
});
