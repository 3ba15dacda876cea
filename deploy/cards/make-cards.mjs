// Writes what each card of a stack needs on its boot partition, so that a Pi comes up as a node of
// your mesh, named and in its room, with nobody at a keyboard.
//
//   node make-cards.mjs cards.csv --invitation CODE --deb watercooler_0.1.0_arm64.deb --out cards
//
// The table's first line names its columns, "name" and "room"; the room may be left empty. It needs
// Node 20 and nothing else. docs/install-many.md tells the whole way.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What a host name may be (RFC 1123), in the lower case that node names have. */
const HOST_NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
/** What a room may be called: as in watercooler.yaml. */
const ROOM_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/;
/** Eight groups of five letters and digits. */
const CODE = /^(?:[0-9a-z]{5}-){7}[0-9a-z]{5}$/i;
const COLUMNS = ["name", "room"];
/** A guess: a larger table is the wrong one. */
const CARDS_MAX = 200;
/** Where Raspberry Pi OS has its boot partition while it runs. */
const ON_THE_PI = "/boot/firmware/watercooler";
const CONFIG = "/etc/watercooler/watercooler.yaml";
const INSTALLER = join(dirname(fileURLToPath(import.meta.url)), "../install.sh");

const USAGE = `node make-cards.mjs TABLE.csv --invitation CODE --deb FILE --out FOLDER

  --invitation CODE     from "watercooler invite --uses N --expires 7d", N being the table's rows
  --deb FILE            the package for arm64, which goes onto each card
  --out FOLDER          gets a folder for each card
  --peer HOST:PORT      a node of the mesh, where the new ones are on another network; may be given again
  --user NAME           a user to log in as (default: pi), with --ssh-key
  --ssh-key FILE        the public key that may log in by SSH
  --wifi NAME           the Wi-Fi to join; Ethernet needs nothing
  --wifi-password FILE  a file with its password
  --country CC          the country whose rules the Wi-Fi follows, such as PT`;

/** One line on what is wrong and what to do. */
class Mistake extends Error {}

function main() {
  const { values, positionals } = read(process.argv.slice(2));
  if (values.help) return console.log(USAGE);
  const [table, ...more] = positionals;
  if (table === undefined || more.length > 0) throw new Mistake("give one table: see --help");
  for (const name of ["invitation", "deb", "out"]) {
    if (values[name] === undefined) throw new Mistake(`--${name} is missing: see --help`);
  }
  const { deb, out } = values;
  if (!CODE.test(values.invitation)) {
    throw new Mistake('--invitation is eight groups of five, as "watercooler invite" prints it');
  }
  if (!/_arm64\.deb$/.test(deb) || !existsSync(deb)) {
    throw new Mistake(`${deb} is no package for a Pi: give the file that ends in _arm64.deb`);
  }
  const cards = cardsOf(text(table), table);
  const shared = { ...values, wifi: wifiOf(values), key: keyOf(values) };
  for (const card of cards) write(join(out, card.name), card, shared);
  console.log(
    `${cards.length} cards in ${out}; copy each folder's files onto that card's "bootfs"`,
  );
}

function read(args) {
  const one = { type: "string" };
  const options = {
    invitation: one,
    deb: one,
    out: one,
    peer: { type: "string", multiple: true },
    user: one,
    "ssh-key": one,
    wifi: one,
    "wifi-password": one,
    country: one,
    help: { type: "boolean", short: "h" },
  };
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new Mistake(`${error.message.split("\n")[0]}: see --help`);
  }
}

function text(path) {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    throw new Mistake(`${path} can't be read (${error.code}): give a file that is there`);
  }
}

/** The rows of the table, each with the line it stands in. */
function cardsOf(said, path) {
  const rows = said.split(/\r?\n/).map((line, at) => ({ line: at + 1, cells: cellsOf(line) }));
  const [head, ...rest] = rows.filter(({ cells }) => cells.some((cell) => cell !== ""));
  const names = head?.cells ?? [];
  const unknown = names.filter((name) => !COLUMNS.includes(name));
  if (!names.includes("name") || unknown.length > 0) {
    throw new Mistake(`${path}: the first line has to be "name,room"`);
  }
  const lineOf = new Map();
  const cards = rest.map(({ line, cells }) => {
    const row = Object.fromEntries(names.map((name, at) => [name, cells[at] ?? ""]));
    const card = { name: row.name, room: row.room || row.name };
    const amiss = wrongIn(card, cells.length > names.length, lineOf.get(card.name));
    if (amiss !== undefined) throw new Mistake(`${path}:${line}: ${amiss}`);
    lineOf.set(card.name, line);
    return card;
  });
  if (cards.length === 0) throw new Mistake(`${path}: no rows below the first line`);
  if (cards.length > CARDS_MAX) throw new Mistake(`${path}: more than ${CARDS_MAX} rows`);
  return cards;
}

function wrongIn({ name, room }, hasMore, line) {
  if (hasMore) return "more cells than columns";
  if (!HOST_NAME.test(name)) {
    return `"${name}" is no host name: lower-case letters, digits and dashes, 63 at most`;
  }
  if (line !== undefined) return `"${name}" is in line ${line} already`;
  if (ROOM_NAME.test(room)) return undefined;
  return `"${room}" is no room: lower-case letters, digits, dots, dashes and underscores`;
}

/** Names need no commas, so quotes around a cell are all of CSV's quoting that is taken. */
function cellsOf(line) {
  return line.split(/[,;\t]/).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1"));
}

function wifiOf({ wifi, "wifi-password": passwordFile, country }) {
  if (wifi === undefined) return undefined;
  if (passwordFile === undefined) throw new Mistake("--wifi needs --wifi-password FILE");
  if (!/^[A-Z]{2}$/.test(country ?? "")) throw new Mistake("--wifi needs --country, such as PT");
  const password = text(passwordFile).replace(/\r?\n$/, "");
  return { name: wifi, password, country };
}

function keyOf({ "ssh-key": path }) {
  if (path === undefined) return undefined;
  const key = text(path).trim();
  if (/^(?:ssh|ecdsa|sk-)\S* \S+/.test(key) && !key.includes("\n")) return key;
  throw new Mistake(`${path} is no public SSH key: give the file that ends in .pub`);
}

function write(folder, card, shared) {
  const { deb } = shared;
  mkdirSync(join(folder, "watercooler"), { recursive: true });
  const files = {
    "meta-data": { "instance-id": `watercooler-${card.name}`, "local-hostname": card.name },
    "network-config": networkOf(shared),
  };
  for (const [name, document] of Object.entries(files)) {
    writeFileSync(join(folder, name), yaml(document));
  }
  writeFileSync(join(folder, "user-data"), `#cloud-config\n${yaml(userData(card, shared))}`);
  copyFileSync(deb, join(folder, "watercooler", basename(deb)));
  copyFileSync(INSTALLER, join(folder, "watercooler", "install.sh"));
}

/** What cloud-init does at the first start, and never again for this card. */
function userData({ name, room }, { invitation, peer = [], user = "pi", key, deb }) {
  const mesh = { invite: invitation.toUpperCase(), ...(peer.length > 0 && { peers: peer }) };
  const config = { node: { name, room }, data: "/var/lib/watercooler", mesh };
  return {
    hostname: name,
    manage_etc_hosts: true,
    ...(key !== undefined && {
      users: [
        {
          name: user,
          groups: ["adm", "sudo"],
          shell: "/bin/bash",
          sudo: "ALL=(ALL) NOPASSWD:ALL",
          lock_passwd: true,
          ssh_authorized_keys: [key],
        },
      ],
      // Raspberry Pi OS's own; other systems have SSH on anyway.
      enable_ssh: true,
    }),
    write_files: [{ path: CONFIG, permissions: "0640", content: yaml(config) }],
    runcmd: [["sh", `${ON_THE_PI}/install.sh`, `${ON_THE_PI}/${basename(deb)}`]],
  };
}

function networkOf({ wifi }) {
  const common = { dhcp4: true, optional: true };
  return {
    network: {
      version: 2,
      ethernets: { eth0: common },
      ...(wifi !== undefined && {
        wifis: {
          wlan0: {
            ...common,
            "regulatory-domain": wifi.country,
            "access-points": { [wifi.name]: { password: wifi.password } },
          },
        },
      }),
    },
  };
}

/** YAML of what is written here. A JSON text is YAML, so every leaf is one. */
function yaml(value, indent = "") {
  if (Array.isArray(value)) {
    return value.map((one) => `${indent}- ${leafOr(one, `${indent}  `).trimStart()}`).join("");
  }
  const lines = Object.entries(value).map(([key, one]) => {
    const plain = /^[a-z][\w-]*$/.test(key) ? key : JSON.stringify(key);
    const isBranch = typeof one === "object" && one !== null;
    return `${indent}${plain}:${isBranch ? "\n" : " "}${leafOr(one, `${indent}  `)}`;
  });
  return lines.join("");
}

function leafOr(value, indent) {
  if (typeof value === "object" && value !== null) return yaml(value, indent);
  return `${JSON.stringify(value)}\n`;
}

try {
  main();
} catch (error) {
  if (!(error instanceof Mistake)) throw error;
  console.error(`make-cards: ${error.message}`);
  process.exitCode = 1;
}
