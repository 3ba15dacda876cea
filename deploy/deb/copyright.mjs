// Who made what is in the package, as Debian's machine-readable copyright file: from the licence
// files of all packages that are bundled.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Debian has these texts on every machine and wants them named, not repeated. */
const COMMON = {
  "Apache-2.0": "/usr/share/common-licenses/Apache-2.0",
};
const FORMAT = "https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/";
const HOLDER = /^[\s*#>-]*((?:copyright\b|\(c\)|©).*\d{4}.*)$/gim;

const indented = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => (line.trim() === "" ? " ." : ` ${line.trimEnd().replaceAll("\t", "  ")}`))
    .join("\n");

/** The licence files of a package, as one text. */
function licenceText(folder) {
  const files = readdirSync(folder)
    .filter((name) => /^(?:licen[cs]e|copying)/i.test(name))
    .sort();
  return files.map((name) => readFileSync(join(folder, name), "utf8")).join("\n\n");
}

/** The text without its holders, so that the same words are told once. */
const words = (text) =>
  text
    .replaceAll("\r", "")
    .replace(HOLDER, "")
    .replace(/^\s*(?:#*\s*)?\(?(?:the )?(?:mit|isc)(?: license)?\)?(?: \(mit\))?:?\s*$/gim, "")
    .replace(/\n{3,}/g, "\n\n")
    .trim();

function authorOf({ author, name }) {
  const said = typeof author === "string" ? author : author?.name;
  return said ?? `the authors of ${name}`;
}

/** What a package says of itself: its holders, its licence and that licence's words. */
function packageOf(folder) {
  const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const text = licenceText(folder);
  const holders = [...text.matchAll(HOLDER)].map(([, line]) => line.trim().slice(0, 200));
  const licence = (manifest.license ?? "unknown").replace(/^\((.*)\)$/, "$1");
  return {
    name: manifest.name,
    holders: holders.length > 0 ? [...new Set(holders)] : [authorOf(manifest)],
    // Of two, the one whose words go with every copy.
    licence: / OR /.test(licence) && /\bMIT\b/.test(licence) ? "MIT" : licence,
    offered: licence,
    text,
  };
}

const MIT_START = /Permission is hereby granted, free of charge/;

/** Of a file with several licences the part that is this one; all of it where it can't be told. */
function partFor(licence, text) {
  if (licence !== "MIT") return words(text);
  const from = text.search(MIT_START);
  return from < 0 ? words(text) : words(text.slice(from).split(/\n\s*Apache License/)[0]);
}

/** The copyright file: `folders` are the packages' places, `own` the project's licence. */
export function copyright(folders, own) {
  const known = new Map();
  const nameFor = (licence, text) => {
    if (COMMON[licence] !== undefined) {
      known.set(licence, `On Debian systems the text is in ${COMMON[licence]}.`);
      return licence;
    }
    const key = text.replace(/\W+/g, " ").trim().toLowerCase();
    const same = [...known].find(
      ([name, other]) =>
        (name === licence || name.startsWith(`${licence}-words-`)) &&
        (key === "" || other.replace(/\W+/g, " ").trim().toLowerCase() === key),
    );
    if (same !== undefined) return same[0];
    const count = [...known.keys()].filter((name) => name.startsWith(licence)).length;
    const name = count === 0 ? licence : `${licence}-words-${count + 1}`;
    known.set(name, text === "" ? `The ${licence} licence, as the package names it.` : text);
    return name;
  };
  const ours = nameFor("MIT", words(own));
  const stanza = (files, holders, licence, comment) =>
    [
      `Files: ${files}`,
      `Copyright: ${holders.join("\n ")}`,
      `License: ${licence}`,
      ...(comment === undefined ? [] : [`Comment: ${comment}`]),
    ].join("\n");
  const [, holder = "the authors"] = /^(Copyright.*)$/m.exec(own) ?? [];
  const rest = [...folders]
    .map(packageOf)
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map(({ name, holders, licence, offered, text }) => {
      const comment = offered === licence ? undefined : `offered as ${offered}`;
      const named = nameFor(licence, partFor(licence, text));
      return stanza(`*/node_modules/${name}/*`, holders, named, comment);
    });
  const licences = [...known].map(([name, text]) => `License: ${name}\n${indented(text)}`);
  const header = [
    `Format: ${FORMAT}`,
    "Upstream-Name: Watercooler",
    "Comment: Packages that are under node_modules, or packed into the program and the page, are",
    " named by their place in node_modules. Node itself is under several licences, all of which are",
    " in /usr/share/doc/watercooler/node-license.gz.",
  ].join("\n");
  const node = stanza(
    "usr/lib/watercooler/node",
    ["Node.js contributors"],
    "Node",
    "see /usr/share/doc/watercooler/node-license.gz",
  );
  licences.push("License: Node\n See /usr/share/doc/watercooler/node-license.gz.");
  return `${[header, stanza("*", [holder], ours), ...rest, node, ...licences].join("\n\n")}\n`;
}
