import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { err, ok, type Result } from "../base/result.ts";
import { isBackedUp } from "./data-files.ts";
import { CONFIG_FILE, MANIFEST_FILE, type Manifest, parseManifest, SUMS_FILE } from "./manifest.ts";
import { BLOCK_BYTES, paddingOf, parseTarHeader, type TarEntry } from "./tar.ts";

const CHUNK_BYTES = 1024 * 1024;
/** Of a file that is read whole. A configuration has 64 KiB at most, the sums less. */
const TEXT_BYTES_MAX = 1024 * 1024;
const END_BYTES = 2 * BLOCK_BYTES;

/** A file inside a backup, with where its bytes begin. */
interface Member extends TarEntry {
  readonly at: number;
}

/** A backup that was read from end to end and is whole. */
export class Archive {
  constructor(
    private readonly file: FileHandle,
    private readonly members: readonly Member[],
    readonly manifest: Manifest,
  ) {}

  /** The files for the data folder. */
  get dataFiles(): readonly string[] {
    return this.members.map(({ name }) => name).filter(isBackedUp);
  }

  /** The text of the configuration; undefined where there was none. */
  async config(): Promise<string | undefined> {
    const member = this.members.find(({ name }) => name === CONFIG_FILE);
    return member === undefined ? undefined : await textOf(this.file, member);
  }

  /** Writes a file of the backup into a new file, onto the card. Rejects with system errors. */
  async extract(name: string, path: string, mode: number): Promise<void> {
    const member = this.members.find((one) => one.name === name);
    if (member === undefined) throw new Error(`${name} is not in the backup`);
    const out = await open(path, "wx", mode);
    try {
      for await (const chunk of chunksOf(this.file, member)) await out.writeFile(chunk);
      await out.sync();
    } finally {
      await out.close();
    }
  }

  async close(): Promise<void> {
    await this.file.close();
  }
}

/** Opens a backup and reads all of it. The error is one line that says what is wrong with it. */
export async function openArchive(path: string): Promise<Result<Archive>> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (error) {
    return err(`can't read ${path}: ${(error as Error).message}`);
  }
  const archive = await examine(file).catch((error: unknown) => err((error as Error).message));
  if (archive.ok) return archive;
  await file.close();
  return err(`${path}: ${archive.error}: nothing was changed; try another backup`);
}

async function examine(file: FileHandle): Promise<Result<Archive>> {
  const listed = await list(file);
  if (!listed.ok) return listed;
  const members = listed.value;
  const [first] = members;
  const sums = members.at(-1);
  if (first?.name !== MANIFEST_FILE || sums === undefined) {
    return err("it is no backup of watercooler");
  }
  const manifest = parseManifest(await textOf(file, first));
  if (!manifest.ok) return manifest;
  if (sums.name !== SUMS_FILE) return err("it is cut off");
  const said = await textOf(file, sums);
  const lines: string[] = [];
  for (const member of members.slice(0, -1)) {
    const hash = createHash("sha256");
    for await (const chunk of chunksOf(file, member)) hash.update(chunk);
    lines.push(`${hash.digest("hex")}  ${member.name}\n`);
  }
  if (lines.join("") !== said) return err("it is damaged: a checksum does not fit");
  return ok(new Archive(file, members, manifest.value));
}

/** The files in it, by their headers. */
async function list(file: FileHandle): Promise<Result<readonly Member[]>> {
  const { size } = await file.stat();
  const members: Member[] = [];
  const header = Buffer.alloc(BLOCK_BYTES);
  for (let at = 0; at + BLOCK_BYTES <= size; ) {
    await file.read(header, 0, BLOCK_BYTES, at);
    const entry = parseTarHeader(header);
    if (entry === "end") {
      return at + END_BYTES === size ? ok(members) : err("it is damaged at its end");
    }
    if (entry === undefined) {
      return err(at === 0 ? "it is no backup of watercooler" : "it is damaged");
    }
    const { name, bytes } = entry;
    const isKnown = [MANIFEST_FILE, SUMS_FILE, CONFIG_FILE].includes(name) || isBackedUp(name);
    if (!isKnown) return err(`it holds "${name.replace(/[^\w.-]/g, "?")}", which no backup has`);
    if (members.some((one) => one.name === name)) return err(`it holds ${name} twice`);
    members.push({ name, bytes, at: at + BLOCK_BYTES });
    at += BLOCK_BYTES + bytes + paddingOf(bytes);
  }
  return err(members.length === 0 ? "it is no backup of watercooler" : "it is cut off");
}

async function textOf(file: FileHandle, member: Member): Promise<string> {
  if (member.bytes > TEXT_BYTES_MAX) throw new Error(`its ${member.name} is too long`);
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(file, member)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

/** Each chunk is good until the next. */
async function* chunksOf(file: FileHandle, { bytes, at }: Member): AsyncGenerator<Buffer> {
  const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes));
  for (let done = 0; done < bytes; ) {
    const length = Math.min(chunk.length, bytes - done);
    const { bytesRead } = await file.read(chunk, 0, length, at + done);
    if (bytesRead === 0) throw new Error("it is cut off");
    yield chunk.subarray(0, bytesRead);
    done += bytesRead;
  }
}
