/** How grave a log line is, in journald's own words. */
export type Level = "debug" | "info" | "warn" | "error";

/**
 * Where a part says what happened. Fields carry the details; a field is never a person's name,
 * a full MAC address or a secret.
 */
export interface Log {
  write(level: Level, message: string, fields?: Readonly<Record<string, string | number>>): void;
}

/** A log that keeps nothing. */
export const silentLog: Log = { write: () => {} };
