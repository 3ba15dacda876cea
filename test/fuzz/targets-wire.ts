import { equalBytes, utf8 } from "../../src/base/bytes.ts";
import {
  type Address,
  addressOf,
  nodeIdOfKey,
  parseAddress,
  parseNodeId,
} from "../../src/base/id.ts";
import type { Pipe } from "../../src/link/wire.ts";
import { Wire } from "../../src/link/wire.ts";
import { createFrameCodec } from "../../src/overlay/codec.ts";
import { decodeBirth, encodeBirth } from "../../src/replica/birth.ts";
import { createEntryCodec, IdentityTable } from "../../src/replica/entry-codec.ts";
import { encodeHello, judgeHello } from "../../src/trust/hello.ts";
import { identityFromPem } from "../../src/trust/identity.ts";
import { Mesh, signIn } from "../../src/trust/membership.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { type FuzzTarget, hold } from "./target.ts";

const table = new IdentityTable();
const frames = createFrameCodec(table);
const entries = createEntryCodec(table);
const SIGNATURE = new Uint8Array(64).fill(7);

/** Keys of RFC 8410's kind, fixed so that samples stay valid. */
const pem = (seed: string) =>
  `-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI${seed}\n-----END PRIVATE KEY-----\n`;
function identityOf(seed: string) {
  const identity = identityFromPem(pem(seed));
  if (!identity.ok) throw new Error(identity.error);
  return identity.value;
}
export const ROOT = identityOf("HT1kLyXXzqN2bKbLlzhmzyxUzWHTWZ7DxqB9gvVxFvU");
export const MEMBER = identityOf("Bv7rSQ0Gx3lCrOq6lD4RzyT4QxCIB9xg5Z3iDq0i2fE");
const crypto = createUcanCrypto();
export const MESH = new Mesh(ROOT.id, crypto);
export const CREDENTIAL = signIn(ROOT, MEMBER.id, "member", crypto);

const frame: FuzzTarget = {
  name: "frame",
  form: "bytes",
  take: (input) => {
    const decoded = frames.decode(input);
    if (!decoded.ok) return;
    const again = frames.encode(decoded.value);
    const twice = frames.decode(again);
    hold(twice.ok && equalBytes(frames.encode(twice.value), again), "another frame comes out");
  },
};

const entry: FuzzTarget = {
  name: "entry",
  form: "bytes",
  take: (input) => {
    const decoded = entries.decode(input, SIGNATURE);
    if (!decoded.ok) return;
    hold(decoded.value.body === input, "the bytes that were signed are not kept");
    const body = entries.encode(decoded.value);
    const twice = entries.decode(body, SIGNATURE);
    hold(twice.ok && equalBytes(entries.encode(twice.value), body), "another entry comes out");
  },
};

const birth: FuzzTarget = {
  name: "birth",
  form: "bytes",
  take: (input) => {
    const decoded = decodeBirth(input);
    if (decoded === undefined) return;
    const again = encodeBirth(decoded);
    const twice = decodeBirth(again);
    hold(twice !== undefined && equalBytes(encodeBirth(twice), again), "another birth comes out");
  },
};

const hello: FuzzTarget = {
  name: "hello",
  form: "bytes",
  take: (input) => {
    const judged = judgeHello(MESH, MEMBER.id, input);
    if (judged.ok) hold(MESH.admits(MEMBER.id, judged.value.credential), "a stranger is let in");
  },
};

const membership: FuzzTarget = {
  name: "membership",
  form: "bytes",
  take: (input) => {
    hold(!MESH.admits(ROOT.id, input), "somebody else's credential lets the root in");
    MESH.admits(MEMBER.id, input);
  },
};

/** The messages of one connection, each after its length in two bytes. */
const handshake: FuzzTarget = {
  name: "handshake",
  form: "bytes",
  take: (input) => {
    let isOpen = true;
    const pipe: Pipe = {
      bytesIn: 0,
      bytesOut: 0,
      bufferedBytes: 0,
      send: () => hold(isOpen, "something is sent over a closed connection"),
      close: () => {
        isOpen = false;
      },
    };
    const own = { mesh: MESH, boot: "own", credential: CREDENTIAL, addresses: [] };
    const identity = {
      self: ROOT.id,
      hello: () => encodeHello(own),
      judge: (peer: typeof ROOT.id, bytes: Uint8Array) => judgeHello(MESH, peer, bytes),
    };
    let isHeard = false;
    const remote = addressOf("192.0.2.1", 1);
    const wire: Wire = new Wire(pipe, { peer: MEMBER.id, remote, initiator: "peer" }, identity, {
      accepted: () => {
        isHeard = true;
        wire.sayWelcome();
      },
      welcomed: () => {},
      frame: (bytes) => {
        hold(isHeard, "a frame is heard before the hello");
        frames.decode(bytes);
      },
      ended: () => {},
    });
    wire.sayHello();
    for (const message of pieces(input)) wire.receive(message);
  },
};

const names: FuzzTarget = {
  name: "names",
  form: "text",
  words: ["did:key:z6Mk", "[::1]:80", "fe80::1%eth0", ":65535", ":65536", "localhost:7946"],
  take: (input) => {
    const text = Buffer.from(input).toString("utf8");
    const id = parseNodeId(text);
    if (id !== undefined) hold(parseNodeId(nodeIdOfKey(table.keyOf(id))) !== undefined, "no id");
    const address: Address | undefined = parseAddress(text);
    hold(address === undefined || address === text, "another address");
  },
};

/** Cuts an input into messages: two bytes of length, then as many. */
export function pieces(input: Uint8Array): readonly Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at + 2 <= input.length; ) {
    const length = (input[at] ?? 0) * 256 + (input[at + 1] ?? 0);
    found.push(input.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return found;
}

/** The other way round. */
export function joined(messages: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(
    messages.flatMap((bytes) => [bytes.length >> 8, bytes.length & 0xff, ...bytes]),
  );
}

export const HELLO = encodeHello({
  mesh: MESH,
  boot: "0011223344556677",
  credential: CREDENTIAL,
  addresses: [addressOf("192.0.2.7", 7946), addressOf("2001:db8::7", 7946)],
});
export const BIRTH = encodeBirth({
  base: 2,
  supersedes: { incarnation: 2 ** 32 + 5, seq: 9 },
  credential: utf8("member"),
  boot: "0011223344556677",
  answers: 0,
  moved: 0,
});

export const WIRE_TARGETS = [frame, entry, birth, hello, membership, handshake, names];
