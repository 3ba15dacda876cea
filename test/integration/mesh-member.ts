import assert from "node:assert/strict";
import type WebSocket from "ws";
import { concatBytes, utf8 } from "../../src/base/bytes.ts";
import { type Address, keyOfNodeId, type NodeId } from "../../src/base/id.ts";
import type { LinkIdentity } from "../../src/link/port.ts";
import { createFrameCodec, type FrameCodec } from "../../src/overlay/codec.ts";
import type { Message, MessageType } from "../../src/overlay/messages.ts";
import type { Entry } from "../../src/replica/entry.ts";
import { createEntryCodec, type EntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { encodeHello, judgeHello } from "../../src/trust/hello.ts";
import type { Identity } from "../../src/trust/identity.ts";
import { Mesh, signIn } from "../../src/trust/membership.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import {
  greetAs,
  makePapers,
  type Papers,
  webSocketTransport,
} from "../contract/link-certificates.ts";
import { Party, until } from "../contract/link-party.ts";

/** A member of a mesh that has a key and a credential, and does whatever a test tells it to. */
export class MeshMember {
  readonly papers: Papers;
  readonly party: Party;
  readonly credential: Uint8Array;
  /** What keeps signatures of entries apart from all others of this key. */
  private readonly domain: Uint8Array;
  private readonly identity: LinkIdentity;
  private readonly codec: FrameCodec;
  private readonly entries: EntryCodec;

  /** `root` signs its credential; `claims` is the mesh of which it says that it is. */
  constructor(root: Identity, options: { papers?: Papers; claims?: NodeId } = {}) {
    const table = new IdentityTable();
    this.codec = createFrameCodec(table);
    this.entries = createEntryCodec(table);
    this.papers = options.papers ?? makePapers();
    const self = this.papers.identity;
    const crypto = createUcanCrypto();
    const mesh = new Mesh(options.claims ?? root.id, crypto);
    const credential = signIn(root, self.id, "member", crypto);
    this.credential = credential;
    const meshKey = keyOfNodeId(mesh.id) ?? new Uint8Array();
    this.domain = concatBytes([utf8("watercooler entry 1\0"), meshKey]);
    this.identity = {
      self: self.id,
      hello: () => encodeHello({ mesh, boot: "member", credential, addresses: [] }),
      judge: (peer, hello) => judgeHello(mesh, peer, hello),
    };
    this.party = new Party(self.id, webSocketTransport(this.papers, this.identity, []));
  }

  /** Links itself to the node at an address, unless it still is. Gives whose that is. */
  async join(address: Address): Promise<NodeId> {
    const { transport } = this.party;
    const [linked] = transport.stats();
    if (linked !== undefined) return linked.peer;
    if (this.party.events.length === 0) await this.party.start();
    const failures = this.party.count("dial-failed");
    transport.dial(address, undefined);
    const peer = () => transport.stats()[0]?.peer;
    await until(() => peer() !== undefined || this.party.count("dial-failed") > failures, "a link");
    const found = peer();
    assert.ok(found, `not let in: ${this.party.reasons("dial-failed").join()}`);
    return found;
  }

  leave(): Promise<void> {
    return this.party.transport.stop();
  }

  /** A bare WebSocket on which this member has been welcomed. */
  bare(address: Address): Promise<WebSocket> {
    return greetAs(this.papers, address, this.identity.hello());
  }

  frame(message: Message): Uint8Array {
    return this.codec.encode(message);
  }

  send(peer: NodeId, frame: Uint8Array): void {
    assert.equal(this.party.transport.send(peer, frame), "sent");
  }

  /** The messages of one type that came so far. */
  received<Type extends MessageType>(type: Type): Extract<Message, { type: Type }>[] {
    return this.party.events.flatMap((event) => {
      const decoded = event.type === "frame" ? this.codec.decode(event.bytes) : undefined;
      const message = decoded?.ok === true ? decoded.value : undefined;
      return message?.type === type ? [message as Extract<Message, { type: Type }>] : [];
    });
  }

  /** The newest of a node's own entries under keys that begin so. */
  async newest(peer: NodeId, prefix: string): Promise<Entry> {
    const before = this.received("delta").length;
    const found = () =>
      this.received("delta")
        .slice(before)
        .flatMap(({ entries }) => entries)
        .filter(({ origin, key }) => origin === peer && key.startsWith(prefix))
        .sort((left, right) => right.dot.seq - left.dot.seq)[0];
    this.send(peer, this.frame({ type: "vector", rows: [], exchange: "one-way" }));
    await until(() => found() !== undefined, `an entry under ${prefix}`);
    const entry = found();
    assert.ok(entry);
    return entry;
  }

  /** Something of its own, signed. */
  entry(said: Pick<Entry, "key" | "dot" | "stamp" | "value">): Entry {
    const { id: origin, sign } = this.papers.identity;
    const body = this.entries.encode({ origin, ...said });
    return { origin, ...said, body, signature: sign(concatBytes([this.domain, body])) };
  }

  /** The number in a keep-alive; undefined for other frames. */
  pingOf(frame: Uint8Array): number | undefined {
    const decoded = this.codec.decode(frame);
    return decoded.ok && decoded.value.type === "ping" ? decoded.value.nonce : undefined;
  }

  /** What somebody else might have written after `entry`, signed by this member. */
  forge(entry: Entry, ahead: number): Entry {
    const { origin, key, stamp, value } = entry;
    const dot = { ...entry.dot, seq: entry.dot.seq + ahead };
    const body = this.entries.encode({ origin, key, stamp, value, dot });
    return { ...entry, dot, body, signature: this.papers.identity.sign(body) };
  }
}
