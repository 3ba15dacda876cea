import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "node:test";
import { folder, PROGRAM, run, writeConfig } from "./cli-harness.ts";

const missing = (shell: string) =>
  spawnSync(shell, ["--version"]).error === undefined ? false : `needs ${shell}`;

/** What bash itself offers for a line whose last word is being typed. */
function offered(words: readonly string[]): readonly string[] {
  const script = `
    source <("${process.execPath}" "${PROGRAM}" completion bash)
    COMP_WORDS=(${words.map((word) => `"${word}"`).join(" ")})
    COMP_CWORD=${words.length - 1}
    complete -p watercooler >/dev/null || exit 1
    _watercooler
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const text = execFileSync("bash", ["--norc", "-uc", script], { encoding: "utf8" });
  return text.split("\n").filter((line) => line !== "");
}

test("bash loads the completion and completes", { skip: missing("bash") }, () => {
  assert.deepEqual(offered(["watercooler", "sta"]), ["status"]);
  assert.deepEqual(offered(["watercooler", "ro"]), ["rooms", "room", "root-key"]);
  assert.ok(offered(["watercooler", ""]).includes("watch"));
  assert.deepEqual(offered(["watercooler", "config", ""]), ["check", "schema", "--help"]);
  assert.deepEqual(offered(["watercooler", "config", "check", "--j"]), ["--json"]);
  assert.deepEqual(offered(["watercooler", "completion", "z"]), ["zsh"]);
  assert.deepEqual(offered(["watercooler", "rooms", "--n"]), ["--node"]);
  // Nothing of ours: bash then offers files.
  assert.deepEqual(offered(["watercooler", "up", "--config", "./w"]), []);
});

test("zsh takes the completion", { skip: missing("zsh") }, async (context) => {
  const { stdout } = await run(["completion", "zsh"]);
  const script = writeConfig(join(folder(context), "_watercooler"), stdout);
  const load = `autoload -Uz compinit && compinit -D && source ${script} && whence _watercooler`;
  assert.match(execFileSync("zsh", ["-fc", load], { encoding: "utf8" }), /_watercooler/);
  // Outside its editor zsh can't complete: what is handed to it is printed instead.
  const offers = (words: string) => {
    const commands = `
      compdef() {}; _files() {}; _describe() { print -l -- \${(P)2} }
      source ${script}
      words=(${words} ""); CURRENT=$#words; _watercooler`;
    const text = execFileSync("zsh", ["-fc", commands]);
    return String(text).trim().split("\n");
  };
  assert.ok(offers("watercooler").includes("rooms:every room, now"));
  assert.equal(offers("watercooler config")[0], "check:check a configuration file");
  assert.deepEqual(offers("watercooler completion").slice(0, 3), ["bash", "zsh", "fish"]);
});

test("fish loads the completion and completes", { skip: missing("fish") }, async (context) => {
  const { stdout } = await run(["completion", "fish"]);
  const script = writeConfig(join(folder(context), "watercooler.fish"), stdout);
  const ask = (line: string) =>
    execFileSync("fish", ["-Nc", `source ${script}; complete -C '${line}'`], { encoding: "utf8" });
  assert.match(ask("watercooler sta"), /^status\t/m);
  assert.match(ask("watercooler config "), /^check\t/m);
  assert.match(ask("watercooler rooms --n"), /^--node\t/m);
});

test("completion --json is one document", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout } = await run(["completion", shell, "--json"]);
    assert.equal(code, 0);
    const document = JSON.parse(stdout);
    assert.equal(document.shell, shell);
    for (const word of ["up", "demo", "status", "rooms", "network", "watch", "check"]) {
      assert.ok(document.script.includes(word), word);
    }
  }
});
