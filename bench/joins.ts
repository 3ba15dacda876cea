import { toHex } from "../src/base/bytes.ts";
import { nodeIdOfKey } from "../src/base/id.ts";
import { randomInt, SeededRandom } from "../src/base/random.ts";
import type { Entry } from "../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../src/replica/entry-codec.ts";
import { Replica } from "../src/replica/replica.ts";
import { Writer } from "../src/replica/writer.ts";
import { simHash } from "../src/sim/trust.ts";
import { createVerifier, generateKeyPem, identityFromPem } from "../src/trust/identity.ts";

/** The same updates for every library: writer after writer sets one of its keys. */
export interface Update {
  readonly writer: number;
  readonly key: string;
  readonly value: number;
}

const KEYS = 8;

/** So many updates of so many writers, the same for the same numbers. */
export function updates(count: number, writers: number): readonly Update[] {
  const random = new SeededRandom(1);
  return Array.from({ length: count }, (_, value) => ({
    writer: randomInt(random, writers),
    key: `reading/${randomInt(random, KEYS)}/temperature`,
    value,
  }));
}

const newReplica = () => new Replica({ hash: simHash, verify: () => true, admit: () => true });

/** Our entries of the updates, made and signed by the parties that `sign` stands for. */
function entriesOf(all: readonly Update[], writers: number, sign: Sign): readonly Entry[] {
  const table = new IdentityTable();
  const codec = createEntryCodec(table);
  const parties = Array.from({ length: writers }, (_, at) => {
    const self = nodeIdOfKey(sign.publicKey(at));
    const writer = new Writer(newReplica(), {
      self,
      credential: new Uint8Array([1]),
      boot: toHex(new Uint8Array(8).fill(at)),
      moved: false,
      random: new SeededRandom(at + 1),
      codec,
      sign: (body) => sign.sign(at, body),
      carry: (_, value) => value,
      reserved: 0,
      reserve: () => {},
    });
    return { writer, births: writer.begin(0, 1_000) };
  });
  const value = (number: number) => {
    const bytes = new Uint8Array(24);
    new DataView(bytes.buffer).setUint32(0, number);
    return bytes;
  };
  const written = all.flatMap(
    (update) =>
      parties[update.writer]?.writer.write(update.key, value(update.value), 0, 1_000) ?? [],
  );
  return [...parties.flatMap(({ births }) => births), ...written];
}

interface Sign {
  publicKey(writer: number): Uint8Array;
  sign(writer: number, body: Uint8Array): Uint8Array;
}

const unsigned: Sign = {
  publicKey: (writer) => new Uint8Array(32).fill(writer + 1),
  sign: () => new Uint8Array(64),
};

/** Joins all of them into an empty replica, signatures left out. Gives a job to be timed. */
export function ourJoins(all: readonly Update[], writers: number): () => number {
  const entries = entriesOf(all, writers, unsigned);
  return () => {
    const replica = newReplica();
    let changed = 0;
    for (const entry of entries) if (replica.join(entry, 0, 1_000).changed) changed += 1;
    return changed;
  };
}

/** What the state comes to on the wire: each live entry once, with its signature. */
export function ourStateBytes(all: readonly Update[], writers: number): number {
  const replica = newReplica();
  for (const entry of entriesOf(all, writers, unsigned)) replica.join(entry, 0, 1_000);
  let bytes = 0;
  for (const { rows } of replica.origins()) {
    for (const { entry } of rows.values()) bytes += entry.body.length + entry.signature.length;
  }
  return bytes;
}

/** Encodes and decodes entries. */
export function ourCodec(all: readonly Update[], writers: number): () => number {
  const entries = entriesOf(all, writers, unsigned);
  const codec = createEntryCodec(new IdentityTable());
  return () => {
    let bytes = 0;
    for (const entry of entries) {
      const body = codec.encode(entry);
      if (codec.decode(body, entry.signature).ok) bytes += body.length;
    }
    return bytes;
  };
}

/** Checks one signature after another, as they come in. */
export function ourSignatures(count: number): () => number {
  const made = identityFromPem(generateKeyPem());
  if (!made.ok) throw new Error(made.error);
  const identity = made.value;
  const bodies = Array.from({ length: count }, (_, at) => new Uint8Array(120).fill(at));
  const signed = bodies.map((body) => identity.sign(body));
  const verify = createVerifier();
  return () =>
    bodies.filter((body, at) => verify(identity.id, body, signed[at] ?? new Uint8Array())).length;
}
