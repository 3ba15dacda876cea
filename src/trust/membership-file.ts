import { join } from "node:path";
import * as v from "valibot";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { err, ok, type Result } from "../base/result.ts";
import { readIfThere, writeSecret } from "./identity.ts";

const FILE = "membership.json";
const schema = v.object({
  mesh: v.string(),
  credential: v.string(),
  issue: v.number(),
  contacts: v.optional(v.array(v.string()), []),
});

/** What a node keeps of its membership: which mesh, and what proves that it belongs to it. */
export interface Membership {
  readonly mesh: NodeId;
  readonly credential: Uint8Array;
  /** Counts the credentials made for this node; a higher one replaces a lower. */
  readonly issue: number;
  /** Where members were met, beside what the configuration and the LAN tell. */
  readonly contacts: readonly string[];
}

export function membershipPath(dataDir: string): string {
  return join(dataDir, FILE);
}

/** The membership kept in a data folder; undefined where it has none yet. */
export function readMembership(dataDir: string): Result<Membership | undefined> {
  const path = membershipPath(dataDir);
  try {
    const text = readIfThere(path);
    if (text === undefined) return ok(undefined);
    const parsed = v.safeParse(schema, JSON.parse(text));
    const mesh = parsed.success ? parseNodeId(parsed.output.mesh) : undefined;
    if (!parsed.success || mesh === undefined) return err(damaged(path));
    const { issue, contacts } = parsed.output;
    const credential = new Uint8Array(Buffer.from(parsed.output.credential, "base64"));
    return ok({ mesh, credential, issue, contacts });
  } catch (error) {
    if (error instanceof SyntaxError) return err(damaged(path));
    return err(`can't read ${path}: ${(error as Error).message}`);
  }
}

/** Keeps a membership, readable by this user alone. Throws where the disk does not take it. */
export function writeMembership(dataDir: string, membership: Membership): void {
  const { mesh, issue, contacts } = membership;
  const credential = Buffer.from(membership.credential).toString("base64");
  const text = JSON.stringify({ mesh, credential, issue, contacts }, undefined, 2);
  writeSecret(membershipPath(dataDir), `${text}\n`);
}

function damaged(path: string): string {
  return `${path} is damaged: put it back from a backup, or remove it and join again`;
}
