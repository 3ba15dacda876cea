// A stranger on the LAN that does all it can to a node's mesh port, until it is killed.
// node hostile-peer.js HOST ROOT_KEY_FILE SEED
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { addressOf } from "../../src/base/id.ts";
import { randomInt, SeededRandom } from "../../src/base/random.ts";
import { WIRE_VERSION } from "../../src/overlay/codec.ts";
import { identityFromPem } from "../../src/trust/identity.ts";
import { makePapers, openAs } from "../contract/link-certificates.ts";
import { MeshMember } from "../integration/mesh-member.ts";

const MESH_PORT = 7946;
const NOISY_TYPES = [16, 33, 34];
const HALF_OPEN = 100;
const FRAMES = 500;
const PAUSE_MS = 200;

const [, , host = "", rootFile = "", seed = "0"] = process.argv;
const random = new SeededRandom(Number(seed));
const end = { host, port: MESH_PORT };
const address = addressOf(host, MESH_PORT);
const root = identityFromPem(readFileSync(rootFile, "utf8"));
if (!root.ok) throw new Error(root.error);
const papers = makePapers();

const noise = (length: number) => Uint8Array.from({ length }, () => randomInt(random, 256));

function raw(bytes: Uint8Array): void {
  const socket = connect(end, () => socket.write(bytes));
  socket.on("error", () => {}).resume();
}

/** A member of the mesh that talks nonsense: its link is good, its frames are not. */
async function rave(signer: typeof root & { ok: true }): Promise<void> {
  const member = new MeshMember(signer.value);
  try {
    const peer = await member.join(address);
    for (let each = 0; each < FRAMES; each++) {
      const type = NOISY_TYPES[each % NOISY_TYPES.length] ?? 0;
      member.send(peer, Uint8Array.of(WIRE_VERSION, type, ...noise(3 + (each % 300))));
    }
  } finally {
    await member.leave();
  }
}

const attacks: readonly (() => Promise<void> | void)[] = [
  () => raw(noise(5_000)),
  () => {
    const card = { key: papers.keyPem, cert: papers.certificatePem, rejectUnauthorized: false };
    const socket = tlsConnect({ ...end, ...card }, () => socket.write(noise(2_000)));
    socket.on("error", () => {}).resume();
  },
  () => {
    for (let each = 0; each < HALF_OPEN; each++) raw(new Uint8Array());
  },
  () => {
    const socket = openAs(papers, address);
    socket.on("error", () => {});
    socket.once("open", () => socket.send(Buffer.alloc(2_000_000)));
  },
  () => rave(root),
];

// Whatever the other side does to it, it goes on.
process.on("uncaughtException", () => {});
process.on("unhandledRejection", () => {});
for (;;) {
  try {
    await attacks[randomInt(random, attacks.length)]?.();
  } catch {
    // Being turned away is what it is here for.
  }
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
