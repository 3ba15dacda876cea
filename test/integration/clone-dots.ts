import SQLite from "better-sqlite3";
import { toHex } from "../../src/base/bytes.ts";
import type { NodeId } from "../../src/base/id.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";

interface Row {
  readonly body: Buffer;
  readonly signature: Buffer;
}

/** What a node's store holds of an origin: each dot, and the bytes said under it. */
export function dotsOf(path: string, origin: NodeId): ReadonlyMap<string, string> {
  const db = new SQLite(path, { readonly: true, fileMustExist: true });
  try {
    const codec = createEntryCodec(new IdentityTable());
    const dots = new Map<string, string>();
    for (const { body, signature } of db
      .prepare<[], Row>("SELECT body, signature FROM entries")
      .iterate()) {
      const entry = codec.decode(new Uint8Array(body), new Uint8Array(signature));
      if (!entry.ok || entry.value.origin !== origin) continue;
      const { incarnation, seq } = entry.value.dot;
      dots.set(`${incarnation}.${seq}`, toHex(entry.value.body));
    }
    return dots;
  } finally {
    db.close();
  }
}
