import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import type { CliDeps } from "../../src/cli/deps.ts";
import { createProgram } from "../../src/cli/program.ts";
import { checkConfig } from "../../src/config/check.ts";
import { fileSchema } from "../../src/config/schema.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const PAGES = [
  ...["README.md", "CONTRIBUTING.md", "SECURITY.md", "src/README.md"],
  ...readdirSync(join(root, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];
const textOf = (page: string) => readFileSync(join(root, page), "utf8");

interface Block {
  readonly page: string;
  readonly language: string;
  readonly text: string;
}

/** Fenced blocks, wherever they are indented to. */
function blocksOf(page: string): readonly Block[] {
  const found = textOf(page).matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm);
  return [...found].map(([, indent = "", language = "", text = ""]) => ({
    page,
    language,
    text: text.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}

test("the generated pages are what the program has now", () => {
  execFileSync(process.execPath, ["scripts/docs.mjs", "--check"], { cwd: root });
});

const silent = { version: "", stdout: () => {}, stderr: () => {}, env: {} };
// Nothing behind the command line is called: it is only asked what it has.
const program = createProgram(silent as unknown as CliDeps, () => {});

/** What is typed somewhere: lines of blocks and text in backticks. */
function typedIn(page: string): readonly string[] {
  const text = textOf(page);
  const indented = text.match(/^ {4,}\S.*$/gm) ?? [];
  const lines = blocksOf(page).flatMap((block) => block.text.split("\n"));
  const spans = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "").matchAll(/`([^`\n]+)`/g);
  return [...indented, ...lines, ...[...spans].map(([, span = ""]) => span)];
}

const CALLED =
  /(?:^|&& |\| |[<$]\()\s*(?:sudo )?(?:node bin\/watercooler\.js|watercooler) ([a-z].*)$/;

function misused(typed: string): string | undefined {
  const [, rest] = CALLED.exec(typed.replace(/\s#.*$/, "").trim()) ?? [];
  if (rest === undefined) return undefined;
  const words = rest.split(/\s+/).map((word) => word.replace(/[)"'|&;,]+$/, ""));
  let command: Command = program;
  while (command.commands.length > 0) {
    const next = command.commands.find((one) => one.name() === words[0]);
    // `watercooler sensors` alone speaks of all of them.
    if (next === undefined && words[0] === undefined && command !== program) break;
    // bin/watercooler.js itself gives this one to the public bench's program.
    if (command === program && words[0] === "maelstrom") return undefined;
    if (next === undefined) return `no command ${words[0]}`;
    words.shift();
    command = next;
  }
  const known = new Set(command.options.flatMap(({ long, short }) => [long, short]));
  const end = words.findIndex((word) => ["|", "&&", ">", ""].includes(word));
  const unknown = (end < 0 ? words : words.slice(0, end))
    .filter((word) => word.startsWith("--"))
    .map((word) => word.replace(/=.*$/, ""))
    .find((word) => !known.has(word) && word !== "--help");
  return unknown === undefined ? undefined : `${command.name()} has no ${unknown}`;
}

test("every command and option that the docs name is there", () => {
  let calls = 0;
  for (const page of PAGES) {
    for (const typed of typedIn(page)) {
      if (CALLED.test(typed)) calls += 1;
      assert.equal(misused(typed), undefined, `${page}: ${typed}`);
    }
  }
  assert.ok(calls > 100, String(calls));
  assert.equal(misused("watercooler rooms --colour"), "rooms has no --colour");
  assert.equal(misused("sudo watercooler dance"), "no command dance");
});

/** As GitHub makes them of headings. */
function anchorsOf(page: string): ReadonlySet<string> {
  const text = textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
  return new Set(headings);
}

test("every link within the repository leads somewhere", () => {
  let links = 0;
  for (const page of PAGES) {
    const text = textOf(page).replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      links += 1;
      const [path = "", anchor] = target.split("#");
      const file = path === "" ? page : relative(root, join(root, dirname(page), path));
      assert.ok(existsSync(join(root, file)), `${page}: ${target}`);
      if (anchor === undefined || !file.endsWith(".md")) continue;
      assert.ok(anchorsOf(file).has(anchor), `${page}: ${target}`);
    }
  }
  assert.ok(links > 100, String(links));
});

test("the contents page has every page of docs", () => {
  const contents = textOf("docs/README.md");
  for (const page of PAGES.filter((one) => one.startsWith("docs/"))) {
    const name = relative("docs", page);
    if (name !== "README.md")
      assert.ok(contents.includes(`](${name})`), `docs/README.md does not list ${name}`);
  }
});

const SECTIONS = Object.keys(fileSchema.entries);

/** A block as the whole file that it would stand in; undefined where it is another program's. */
function configurationOf(text: string): string | undefined {
  if (/^ *- platform:/.test(text)) return `sensors:\n${text}`;
  const keys = [...text.matchAll(/^(\w+):/gm)].map(([, key = ""]) => key);
  return keys.some((key) => SECTIONS.includes(key)) ? text : undefined;
}

test("every configuration that the docs show is good", async () => {
  let shown = 0;
  for (const { page, language, text } of PAGES.flatMap(blocksOf)) {
    const file = language === "yaml" ? configurationOf(text) : undefined;
    if (file === undefined) continue;
    shown += 1;
    const checked = await checkConfig(page, file);
    // An excerpt may speak of a section that the page shows elsewhere.
    const amiss = checked.ok ? [] : checked.error.filter((one) => !one.endsWith("not configured"));
    assert.deepEqual(amiss, [], text);
  }
  assert.ok(shown > 15, String(shown));
  assert.equal((await checkConfig("bad", "sensors:\n- platform: bme280")).ok, false);
});
