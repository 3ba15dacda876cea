import SQLite from "better-sqlite3";
import { connect, Damage, damageOf, NewerSchema } from "./connection.ts";
import { codeOf } from "./failure.ts";
import { keep } from "./kept.ts";

/** Where a database says that it is written by way of a log (SQLite's file format, 1.3). */
const VERSIONS_AT = 18;
const WITHOUT_LOG = 1;

/** What is wrong with a store that has these bytes and an empty log. They are not changed. */
export function damageIn(bytes: Uint8Array): string | undefined {
  const copy = Buffer.from(bytes);
  // SQLite opens no database in memory that has a log.
  copy.fill(WITHOUT_LOG, VERSIONS_AT, VERSIONS_AT + 2);
  try {
    const db = keep(new SQLite(copy, { readonly: true }));
    try {
      return damageOf(db);
    } finally {
      db.close();
    }
  } catch (error) {
    return `${(error as Error).message} ${codeOf(error)}`;
  }
}

/** Why a node could not use the store at `path`, if it could not. Its log is taken into it. */
export function unusable(path: string): string | undefined {
  try {
    connect(path, "old").db.close();
    return undefined;
  } catch (error) {
    if (error instanceof NewerSchema) return "a newer watercooler wrote it: upgrade this one first";
    if (error instanceof Damage) return `its store is damaged (${error.message})`;
    return `its store can't be opened (${(error as Error).message})`;
  }
}
