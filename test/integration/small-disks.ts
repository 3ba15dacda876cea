import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { closeSync, copyFileSync, mkdirSync, openSync, writeSync } from "node:fs";

const run = (command: string, ...args: string[]) =>
  execFileSync(command, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });

/** Mounts a disk in memory of a size that `mount` understands. */
export function mountTmpfs(at: string, size: string): void {
  mkdirSync(at, { recursive: true });
  run("mount", "-t", "tmpfs", "-o", `size=${size}`, "none", at);
}

/** Writes into a file until its disk is full. */
export function fill(file: string): void {
  const sink = openSync(file, "w");
  try {
    for (const block = Buffer.alloc(1024, 1); ; ) writeSync(sink, block);
  } catch (error) {
    assert.equal((error as { code?: string }).code, "ENOSPC");
  } finally {
    closeSync(sink);
  }
}

/** Mounts a new card, an ext4 in the file `image`. */
export function mountCard(image: string, at: string): void {
  mkdirSync(at, { recursive: true });
  run("truncate", "-s", "16M", image);
  run("mkfs.ext4", "-q", image);
  run("mount", "-o", "loop", image, at);
}

/**
 * Makes a card read-only, as ext4 does itself when the card fails; a plain remount is refused while
 * files are open.
 */
export function failCard(at: string): void {
  run("mount", "-o", "remount,abort", at);
}

/** Puts what a failed card has on a new one and mounts that in its place, under open files. */
export function replaceCard(image: string, at: string): void {
  const next = `${image}.next`;
  copyFileSync(image, next);
  run("umount", "--lazy", at);
  run("mount", "-o", "loop", next, at);
}
