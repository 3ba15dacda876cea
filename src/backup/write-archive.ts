import { createHash, type Hash } from "node:crypto";
import { closeSync, fsyncSync, openSync, renameSync, rmSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { SECOND_MS } from "../base/time.ts";
import { SUMS_FILE } from "./manifest.ts";
import { BLOCK_BYTES, paddingOf, tarHeader } from "./tar.ts";

const CHUNK_BYTES = 1024 * 1024;
const OWNER_ONLY = 0o600;

/** Told again and again while a large file is copied. */
export type Progress = (name: string, doneBytes: number, allBytes: number) => void;

/** Writes a backup: whole under its name when it is finished, not at all before. */
export class ArchiveWriter {
  private readonly sums: string[] = [];

  private constructor(
    private readonly path: string,
    private readonly file: FileHandle,
    private readonly wallMs: number,
  ) {}

  /** Rejects with the system's error. */
  static async begin(path: string, wallMs: number): Promise<ArchiveWriter> {
    const part = partOf(path);
    // Made anew, so that neither its mode nor where it leads is somebody else's.
    rmSync(part, { force: true });
    const file = await open(part, "wx", OWNER_ONLY);
    await file.chmod(OWNER_ONLY);
    return new ArchiveWriter(path, file, wallMs);
  }

  async add(name: string, bytes: Uint8Array): Promise<void> {
    const hash = createHash("sha256").update(bytes);
    await this.head(name, bytes.length);
    await this.write(bytes);
    await this.close(name, bytes.length, hash);
  }

  /** As much of a file as it has now; rejects where it turns out shorter. */
  async addFile(name: string, from: string, progress: Progress): Promise<void> {
    const source = await open(from, "r");
    try {
      const { size } = await source.stat();
      const hash = createHash("sha256");
      await this.head(name, size);
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size));
      for (let at = 0; at < size; ) {
        const length = Math.min(chunk.length, size - at);
        const { bytesRead } = await source.read(chunk, 0, length, at);
        if (bytesRead === 0) throw new Error(`${from} became shorter`);
        const bytes = chunk.subarray(0, bytesRead);
        hash.update(bytes);
        await this.write(bytes);
        at += bytesRead;
        progress(name, at, size);
      }
      await this.close(name, size, hash);
    } finally {
      await source.close();
    }
  }

  /** On the card, and under its name. */
  async finish(): Promise<void> {
    await this.add(SUMS_FILE, Buffer.from(this.sums.join("")));
    await this.write(Buffer.alloc(2 * BLOCK_BYTES));
    await this.file.sync();
    await this.file.close();
    renameSync(partOf(this.path), this.path);
    const folder = openSync(dirname(this.path), "r");
    fsyncSync(folder);
    closeSync(folder);
  }

  /** Leaves nothing. */
  async abandon(): Promise<void> {
    await this.file.close().catch(() => {});
    rmSync(partOf(this.path), { force: true });
  }

  private async head(name: string, bytes: number): Promise<void> {
    await this.write(tarHeader({ name, bytes }, Math.floor(this.wallMs / SECOND_MS)));
  }

  private async close(name: string, bytes: number, hash: Hash): Promise<void> {
    await this.write(Buffer.alloc(paddingOf(bytes)));
    this.sums.push(`${hash.digest("hex")}  ${name}\n`);
  }

  private async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at);
      at += bytesWritten;
    }
  }
}

/** Where a backup is written until it is whole. */
function partOf(path: string): string {
  return `${path}.part`;
}
