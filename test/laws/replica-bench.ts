import { concatBytes, equalBytes, toHex, utf8 } from "../../src/base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import type { Held } from "../../src/replica/origin-state.ts";
import { type JoinOutcome, Replica } from "../../src/replica/replica.ts";
import { deltasFor, vectorOf } from "../../src/replica/sync.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simHash, simSign } from "../../src/sim/trust.ts";

export const codec = createEntryCodec(new IdentityTable());
/** Exchanges without an end are a failure, not a wait. */
const ROUNDS_MAX = 60;

export type Disk = ReadonlyMap<NodeId, { coverage: string; held: readonly Held[] }>;

export function newReplica(): Replica {
  return new Replica({
    hash: simHash,
    verify: (entry) => equalBytes(entry.signature, simSign(entry.origin, entry.body)),
    admit: (_, credential) => credential.length > 0,
  });
}

/** A signed entry as its origin would make it. */
export function signed(
  content: Pick<Entry, "origin" | "key" | "dot" | "value">,
  wallMs = 1_000,
): Entry {
  const full = { ...content, stamp: { wallMs, counter: 0 } };
  const body = codec.encode(full);
  return { ...full, body, signature: simSign(content.origin, body) };
}

/** One node: a replica, its writer, and what it would hand to its peers. */
export class Node {
  readonly id: NodeId;
  replica = newReplica();
  /** Every entry that it ever made. */
  readonly made: Entry[] = [];
  private readonly random: SeededRandom;
  private writer: Writer;
  private starts = 0;
  private foreign = false;

  constructor(at: number, seed: number) {
    this.id = nodeIdOfKey(new Uint8Array(32).fill(at + 1));
    this.random = new SeededRandom(seed * 8 + at);
    this.writer = this.begin();
  }

  write(key: string, value: string | undefined): void {
    const bytes = value === undefined ? undefined : utf8(value);
    this.made.push(...this.writer.write(key, bytes, 0, 1_000));
  }

  disk(): Disk {
    return new Map(
      [...this.replica.origins()].map((state) => [
        state.origin,
        { coverage: state.coverage(), held: [...state.rows.values()] },
      ]),
    );
  }

  /** A new process on what a disk holds. */
  restart(disk: Disk): void {
    this.replica = newReplica();
    for (const [origin, { coverage, held }] of disk) this.replica.restore(origin, coverage, held);
    this.foreign = false;
    this.writer = this.begin();
  }

  take(entry: Entry): JoinOutcome {
    const outcome = this.replica.join(entry, 0, 1_000);
    const concerns = entry.origin === this.id && (outcome.fresh || outcome.changed);
    if (concerns && this.writer.notice(entry) !== "none") this.foreign = true;
    return outcome;
  }

  /** Answers a former life, if one was heard of. Gives true when it did. */
  answer(): boolean {
    if (!this.foreign) return false;
    this.foreign = false;
    this.made.push(...this.writer.answer(0, 1_000));
    return true;
  }

  /** Takes what `other` has beyond, as a delta message brings it. */
  pull(other: Node, bytesMax: number): void {
    const { deltas } = deltasFor(other.replica, vectorOf(this.replica), bytesMax);
    for (const { origin, from, to, entries } of deltas) {
      let refused = false;
      for (const entry of entries) {
        if (this.take(entry).refusal !== undefined) refused = true;
      }
      if (!refused) this.replica.cover(origin, from, to);
    }
  }

  digest(): string {
    return toHex(this.replica.digest());
  }

  /** What it shows of everybody, births left out. */
  live(): Record<string, string> {
    const pairs = [...this.replica.live()].map(({ entry }) => [
      `${entry.origin} ${entry.key}`,
      new TextDecoder().decode(entry.value),
    ]);
    return Object.fromEntries(
      pairs.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)),
    );
  }

  private begin(): Writer {
    this.starts += 1;
    const writer = new Writer(this.replica, {
      self: this.id,
      credential: utf8("member"),
      boot: `${this.starts}-${this.random.next()}`,
      moved: false,
      random: this.random,
      codec,
      sign: (body) => simSign(this.id, body),
      carry: (_, value) => value,
      reserved: 0,
      reserve: () => {},
    });
    this.made.push(...writer.begin(0, 1_000));
    return writer;
  }
}

/** Lets all exchange with all until nothing changes. Gives false where that never came. */
export function settle(nodes: readonly Node[], bytesMax: number): boolean {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const before = picture(nodes);
    for (const one of nodes) {
      for (const other of nodes) if (one !== other) one.pull(other, bytesMax);
    }
    const answered = nodes.filter((node) => node.answer()).length;
    if (answered === 0 && equalBytes(before, picture(nodes))) return true;
  }
  return false;
}

function picture(nodes: readonly Node[]): Uint8Array {
  const parts = nodes.flatMap(({ replica }) => [
    replica.digest(),
    ...[...replica.origins()].map((state) => utf8(state.coverage())),
  ]);
  return simHash(concatBytes(parts));
}
