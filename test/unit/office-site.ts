import { utf8 } from "../../src/base/bytes.ts";
import { type NodeId, nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { outlasts, parseForgottenKey } from "../../src/office/admissions.ts";
import { claimWithdrawal } from "../../src/office/claims.ts";
import { aged, NODE_KEY, nodeRecord } from "../../src/office/records.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { Replica } from "../../src/replica/replica.ts";
import { Writer } from "../../src/replica/writer.ts";
import { simHash, simSign, simTrust } from "../../src/sim/trust.ts";

const codec = createEntryCodec(new IdentityTable());

/** A node with a replica of its own; what one says reaches another when a test wants it. */
export class Site {
  readonly self: NodeId;
  readonly replica: Replica;
  private readonly writer: Writer;

  constructor(
    at: number,
    readonly name: string,
    /** How far its clock is ahead. */
    private readonly aheadMs = 0,
  ) {
    this.self = nodeIdOfKey(new Uint8Array(32).fill(at));
    this.replica = new Replica({
      hash: simHash,
      verify: () => true,
      admit: () => true,
      withdrawal: claimWithdrawal,
      retirement: { retires: ({ key }) => parseForgottenKey(key), outlasts },
      ...(simTrust.succession && { succession: simTrust.succession }),
    });
    this.writer = new Writer(this.replica, {
      self: this.self,
      credential: utf8("member"),
      boot: `boot ${at}`,
      moved: false,
      random: new SeededRandom(at),
      codec,
      sign: (body) => simSign(this.self, body),
      carry: (_, value) => value,
      aged,
      reserved: 0,
      reserve: () => {},
    });
    this.writer.begin(0, this.wall(0));
    this.write(NODE_KEY, nodeRecord.encode({ name, room: "lab", version: "1", ...NOWHERE }), 0);
  }

  wall(nowMs: number): number {
    return 1_000_000 + nowMs + this.aheadMs;
  }

  write(key: string, value: Uint8Array | undefined, nowMs: number): readonly Entry[] {
    return this.writer.write(key, value, nowMs, this.wall(nowMs));
  }

  /** Hears all that another site holds. */
  hear(other: Site, nowMs: number): void {
    for (const state of other.replica.origins()) {
      for (const { entry } of state.rows.values()) {
        this.replica.join(entry, nowMs, this.wall(nowMs));
      }
    }
  }
}

const NOWHERE = { addresses: [], api: [] };

/** Lets all hear all. */
export function meet(sites: readonly Site[], nowMs: number): void {
  for (const one of sites) for (const other of sites) one.hear(other, nowMs);
}
