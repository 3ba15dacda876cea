import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import SQLite from "better-sqlite3";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { keep } from "../../src/store/kept.ts";
import type { Pi } from "./pi.ts";

interface Row {
  readonly body: Buffer;
  readonly signature: Buffer;
}

/** Every dot that was seen in a store, and what was said under it: it may never be said twice. */
export class Dots {
  private readonly seen = new Map<string, string>();
  readonly violations: string[] = [];

  get size(): number {
    return this.seen.size;
  }

  /** Looks into the store of a node that does not run. A file that can't be read tells nothing. */
  witness(pi: Pi): void {
    const folder = mkdtempSync(join(tmpdir(), "watercooler-dots-"));
    const path = join(folder, "state.db");
    try {
      for (const end of ["", "-wal"]) {
        const from = join(pi.data, `state.db${end}`);
        if (existsSync(from)) copyFileSync(from, path + end);
      }
      for (const [dot, body] of dotsIn(path)) this.note(dot, body, pi.name);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  private note(dot: string, body: string, where: string): void {
    const known = this.seen.get(dot);
    if (known === undefined) this.seen.set(dot, body);
    else if (known !== body) this.violations.push(`dot ${dot} has two contents, seen at ${where}`);
  }
}

function dotsIn(path: string): readonly (readonly [string, string])[] {
  try {
    const db = keep(new SQLite(path, { fileMustExist: true }));
    try {
      const codec = createEntryCodec(new IdentityTable());
      const query = keep(db.prepare<[], Row>("SELECT body, signature FROM entries"));
      const rows = query.all();
      return rows.flatMap(({ body, signature }) => {
        const entry = codec.decode(new Uint8Array(body), new Uint8Array(signature));
        if (!entry.ok) return [];
        const { origin, dot } = entry.value;
        const hash = createHash("sha256").update(entry.value.body).digest("base64");
        return [[`${origin} ${dot.incarnation}.${dot.seq}`, hash] as const];
      });
    } finally {
      db.close();
    }
  } catch {
    return [];
  }
}
