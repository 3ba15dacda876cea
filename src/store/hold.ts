import type { Database } from "better-sqlite3";
import { readPragma, setPragma } from "./kept.ts";

/** "broken": the file was written to meanwhile, so a copy of it may be torn. */
export type Held = "held" | "broken";

/**
 * Keeps the file of a database still while another process copies it: what is committed meanwhile
 * goes to the log alone. Whatever has to touch the file all the same breaks the hold, and the copy
 * is made again.
 */
export class FileHold {
  private standing: "free" | Held = "free";

  /** `logPagesMax` is the log's usual limit. */
  constructor(private readonly logPagesMax: number) {}

  /** Everything committed is in the file afterwards, on the card. Throws SQLite's errors. */
  begin(db: Database): void {
    // The first column is "busy", of which there is none where this process is alone.
    if (readPragma(db, "wal_checkpoint(TRUNCATE)") !== 0) throw new Error("the log is in use");
    setPragma(db, "wal_autocheckpoint = 0");
    this.standing = "held";
  }

  /** To be called before the file is written to, closed, or left for another. */
  spoil(): void {
    if (this.standing === "held") this.standing = "broken";
  }

  /** Lets the log into the file again; `db` is what is open now. */
  end(db: Database | undefined): Held {
    const was = this.standing === "held" ? "held" : "broken";
    this.standing = "free";
    if (db !== undefined) setPragma(db, `wal_autocheckpoint = ${this.logPagesMax}`);
    return was;
  }
}
