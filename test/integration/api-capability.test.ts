import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test, { type TestContext } from "node:test";
import WebSocket from "ws";
import { LIVE_PROTOCOL } from "../../src/api/admission.ts";
import { guardOf, READ_PEOPLE, writeGuardOf } from "../../src/api/commands.ts";
import { CLOCK_SET_S } from "../../src/api/doorkeeper.ts";
import { dataRoutes } from "../../src/api/routes.ts";
import { signRequest } from "../../src/api/signed-request.ts";
import { utf8 } from "../../src/base/bytes.ts";
import type { NodeId } from "../../src/base/id.ts";
import { ok } from "../../src/base/result.ts";
import type { GrantSide, PeopleSide, TargetSide } from "../../src/node/read-side.ts";
import type { TargetView } from "../../src/office/views.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import type { Issued } from "../../src/ucan/chain.ts";
import { containerText } from "../../src/ucan/container.ts";
import { type Delegation, type DelegationRequest, delegate } from "../../src/ucan/delegation.ts";
import { invoke } from "../../src/ucan/invocation.ts";
import { identityOfSeed } from "../unit/ucan-principals.ts";
import { FakeOffice, idOf } from "./api-fake-office.ts";
import { ask, assertProblem, type Reply, serve, until } from "./api-harness.ts";

const crypto = createUcanCrypto();
const identity = () => identityOfSeed(randomBytes(32).toString("hex"));
const root = identity();
/** The node that grants: the one that is asked has never heard of it. */
const issuer = identity();
const guest = identity();
const NODE = idOf(1);
const START_S = Math.floor(Date.UTC(2026, 10, 21, 9, 30) / 1_000);
const KITCHEN = "/v1/targets/kitchen/temperature";
const OWN_MAC = "3c:22:fb:01:02:03";

class GuardedOffice extends FakeOffice {
  readonly set: string[] = [];
  readonly targets: TargetSide = {
    get: () => undefined,
    set: (room, kind, value) => {
      this.set.push(`${room} ${value}`);
      const told = { by: "pi", atWallMs: 0, concurrent: [] };
      return ok({ room, kind, value, unit: "degC", ...told } as TargetView);
    },
    clear: (room) => {
      this.set.push(`${room} cleared`);
      return ok(undefined);
    },
  };
  readonly people: PeopleSide = {
    list: () => [{ person: "Ana", in: true, sinceWallMs: undefined, devices: [] }] as never,
    register: (person, mac) => {
      this.set.push(`${person} ${mac}`);
      return ok(undefined);
    },
    unregister: () => ok(undefined),
    caller: (ip) => (ip === "127.0.0.1" ? { mac: OWN_MAC, ip, owners: [] } : undefined),
  };
}

let nonces = 0;
function link(
  from: DelegationRequest["issuer"],
  audience: NodeId,
  more: Partial<DelegationRequest> = {},
): Delegation {
  nonces += 1;
  const nonce = Uint8Array.of(nonces);
  const fixed = { issuer: from, audience, subject: root.id, command: "/", expiration: null, nonce };
  return delegate({ ...fixed, ...more }, crypto);
}

const toIssuer = link(root, issuer.id);

/** An office with a door, its clock in the test's hand. */
async function guarded(context: TestContext, read: "lan" | "capability" = "lan") {
  const revoked = new Set<string>();
  const time = { wallS: START_S, elapsedS: 0 };
  const clock = {
    wallMs: () => (time.wallS + time.elapsedS) * 1_000,
    monotonicMs: () => performance.now() + time.elapsedS * 1_000,
  };
  const isRevoked = ({ cid, iss }: Issued) => revoked.has(cid) || revoked.has(iss);
  const trust = { crypto, mesh: root.id, isRevoked };
  const office = new GuardedOffice();
  const { port } = await serve(context, { office, trust, clock, read });

  interface Signing {
    readonly chain?: readonly Delegation[];
    readonly as?: typeof guest;
    readonly node?: NodeId;
    readonly method?: string;
    readonly path?: string;
    readonly body?: string;
    readonly nowS?: number;
  }
  const sign = (how: Signing = {}): string => {
    const { chain = [toIssuer, link(issuer, guest.id)], as = guest, node = NODE } = how;
    const { method = "PUT", path = KITCHEN, body = '{"value":21}', nowS } = how;
    const signed = signRequest(
      { signer: as, chain },
      {
        ...{ node, method, target: path, body: utf8(body) },
        nowS: nowS ?? time.wallS + time.elapsedS,
        nonce: randomBytes(12),
      },
      crypto,
    );
    assert.ok(signed, "the grant covers it");
    return signed;
  };
  const send = (token: string, how: Pick<Signing, "method" | "path" | "body"> = {}) => {
    const { method = "PUT", path = KITCHEN, body = '{"value":21}' } = how;
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const isRead = method === "GET" || method === "DELETE";
    return ask(port, path, { method, headers, ...(isRead ? {} : { body }) });
  };
  return { office, port, revoked, time, sign, send };
}

function assertRefused(reply: Reply, status: number, reason: RegExp): void {
  assertProblem(reply, status, reason);
  assert.match(reply.headers["www-authenticate"] ?? "", /^Bearer realm="watercooler", error="/);
}

test("a grant works on a node that has never seen who made it", async (context) => {
  const { office, sign, send } = await guarded(context);
  const chain = [
    toIssuer,
    link(issuer, guest.id, {
      command: "/target/set",
      policy: [["==", ".room", "kitchen"]],
      expiration: START_S + 3_600,
    }),
  ];
  assert.equal((await send(sign({ chain }))).status, 200);
  const cleared = { method: "DELETE", body: "" };
  assert.equal((await send(sign({ chain, ...cleared }), cleared)).status, 204);
  assert.deepEqual(office.set, ["kitchen 21", "kitchen cleared"]);
});

test("every way of not being allowed is refused with a reason", async (context) => {
  const { office, port, revoked, time, sign, send } = await guarded(context);
  const limited = link(issuer, guest.id, { policy: [["==", ".room", "lab"]] });
  // Made by hand: our own client would not sign what its grant does not cover.
  const byHand = (chain: readonly Delegation[], more: object = {}) => {
    const invocation = invoke(
      {
        issuer: guest,
        subject: root.id,
        audience: NODE,
        command: "/target/set",
        args: {
          ...{ room: "kitchen", kind: "temperature", method: "PUT", path: KITCHEN },
          body: crypto.sha256(utf8('{"value":21}')),
        },
        proofs: chain,
        expiration: START_S + 60,
        issuedAt: START_S,
        nonce: randomBytes(12),
        ...more,
      },
      crypto,
    );
    return containerText([invocation, ...chain]);
  };
  const granted = link(issuer, guest.id);
  assert.equal((await send(byHand([toIssuer, granted]))).status, 200, "by hand it works too");
  office.set.length = 0;

  const old = link(issuer, guest.id, { expiration: START_S - 61 });
  assertRefused(await send(byHand([toIssuer, old])), 401, /has expired/);
  const early = link(issuer, guest.id, { notBefore: START_S + 61 });
  assertRefused(await send(byHand([toIssuer, early])), 401, /not valid yet/);
  assertRefused(await send(byHand([toIssuer, limited])), 403, /not for this room/);
  const other = link(issuer, guest.id, { command: "/people/read" });
  assertRefused(await send(byHand([toIssuer, other])), 403, /for something else/);
  assertRefused(await send(sign({ node: idOf(2) })), 401, /another node/);
  const elsewhere = link(issuer, idOf(5));
  assertRefused(await send(byHand([toIssuer, elsewhere])), 401, /somebody else/);
  const self = link(guest, guest.id, { subject: guest.id });
  assertRefused(await send(byHand([self])), 401, /root of this mesh/);
  assertRefused(await send(byHand([], { subject: guest.id })), 403, /another mesh/);
  assertRefused(await send(byHand([])), 401, /nothing proves/);
  assertRefused(await send(byHand([granted])), 401, /root of this mesh/);
  const lacking = byHand([toIssuer], { proofs: [toIssuer, granted] });
  assertRefused(await send(lacking), 401, /a proof is missing/);
  const stray = link(identity(), guest.id);
  assertRefused(await send(byHand([toIssuer, stray])), 401, /one link/);
  assertRefused(await send(byHand([toIssuer, granted], { proofs: [toIssuer] })), 401, /else/);
  assertRefused(await send(byHand([toIssuer, granted], { issuedAt: START_S + 61 })), 401, /future/);
  assertRefused(
    await send(byHand([toIssuer, granted], { expiration: START_S + 900 })),
    401,
    /future/,
  );
  assertRefused(
    await send(byHand([toIssuer, granted], { expiration: START_S - 61 })),
    401,
    /expired/,
  );
  assertRefused(await send(byHand([toIssuer, granted], { expiration: null })), 401, /an end/);
  assertRefused(await send(byHand([toIssuer, granted], { issuedAt: START_S - 30 })), 401, /start/);
  for (const { cid } of [toIssuer, granted]) {
    revoked.add(cid);
    assertRefused(await send(byHand([toIssuer, granted])), 401, /taken back/);
    revoked.clear();
  }
  revoked.add(guest.id);
  assertRefused(await send(byHand([toIssuer, granted])), 403, /put out of the mesh/);
  revoked.clear();
  assertRefused(await send(containerText([toIssuer, granted])), 401, /no invocation/);
  for (const junk of ["x", "Cgg", `C${"A".repeat(4_000)}`]) {
    assertRefused(await send(junk), 401, /can't be read/);
  }
  const headers = { authorization: "Basic x", "content-type": "application/json" };
  const basic = await ask(port, KITCHEN, { method: "PUT", headers, body: '{"value":21}' });
  assertRefused(basic, 401, /can't be read/);

  time.wallS = 3_600;
  const lasting = sign({
    chain: [toIssuer, link(issuer, guest.id, { expiration: CLOCK_SET_S * 2 })],
  });
  assertRefused(await send(lasting), 403, /clock is not set/);
  assert.deepEqual(office.set, []);
  assert.equal((await send(sign())).status, 200, "what does not expire needs no clock");
});

test("a sniffed request can't be replayed, altered, or used elsewhere", async (context) => {
  const { office, time, sign, send } = await guarded(context);
  const token = sign();
  assertRefused(await send(token, { body: '{"value":35}' }), 401, /body is not the one/);
  assertRefused(await send(token, { path: `${KITCHEN}?x=1` }), 401, /not the one that was signed/);
  const lab = "/v1/targets/lab/temperature";
  assertRefused(await send(token, { path: lab }), 401, /not the one that was signed/);
  assertRefused(await send(token, { method: "DELETE" }), 401, /not the one that was signed/);
  const person = { method: "PUT", path: `/v1/people/Eve/devices/${OWN_MAC}` };
  assertRefused(await send(token, person), 403, /signed for \/target\/set/);
  assert.deepEqual(office.set, []);
  const [first, second] = await Promise.all([send(token), send(token)]);
  assert.deepEqual([first?.status, second?.status].sort(), [200, 401], "two at once are one");
  assertRefused(await send(token), 401, /made before/);
  time.elapsedS = 119;
  assertRefused(await send(token), 401, /made before/);
  // Whatever the clock does, it is remembered for as long as it could be used.
  time.elapsedS = 300;
  time.wallS -= 300;
  assertRefused(await send(token), 401, /made before/);
  assert.deepEqual(office.set, ["kitchen 21"]);
});

test("one's own device is the one that calls", async (context) => {
  const { office, sign, send } = await guarded(context);
  const chain = [toIssuer, link(issuer, guest.id, { command: "/people/register-own" })];
  const own = { method: "PUT", path: `/v1/people/Ana/devices/${OWN_MAC}`, body: "" };
  const other = { ...own, path: "/v1/people/Ana/devices/3c:22:fb:00:00:00" };
  assertProblem(await send(sign({ chain, ...other }), other), 403, /your own device/);
  assert.equal((await send(sign({ chain, ...own }), own)).status, 204);
  const any = [toIssuer, link(issuer, guest.id, { command: "/people/register" })];
  assert.equal((await send(sign({ chain: any, ...other }), other)).status, 204);
  assert.equal(office.set.length, 2);
});

test("where reading people takes a capability, one opens all that names them", async (context) => {
  const { port, revoked, sign, send } = await guarded(context, "capability");
  const reading = link(issuer, guest.id, { command: "/people/read" });
  const chain = [toIssuer, reading];
  const read = (path: string) => ({ chain, method: "GET", path, body: "" });
  for (const path of ["/v1/people", "/v1/network"]) {
    assert.equal((await send(sign(read(path)), read(path))).status, 200, path);
  }
  const token = sign(read("/v1/people"));
  assertRefused(await send(token, read("/v1/network")), 401, /not the one that was signed/);
  const live = (bearer: string) =>
    new WebSocket(`ws://127.0.0.1:${port}/v1/live`, [LIVE_PROTOCOL, `bearer.${bearer}`]);
  const bad = live(token);
  const refused = new Promise<number | undefined>((resolve) => {
    bad.on("unexpected-response", (request, response) => {
      resolve(response.statusCode);
      request.destroy();
    });
  });
  bad.on("error", () => {});
  assert.equal(await refused, 401);
  const socket = live(sign(read("/v1/live")));
  const messages: string[] = [];
  let code: number | undefined;
  socket.on("message", (data) => messages.push(String(data)));
  socket.on("close", (why) => {
    code = why;
  });
  await until("the snapshot", () => messages.length > 0);
  assert.equal(socket.protocol, LIVE_PROTOCOL);
  assert.match(messages[0] ?? "", /"Ana"/);
  revoked.add(reading.cid);
  const startMs = performance.now();
  while (code === undefined && performance.now() - startMs < 60_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(code, 1008, "the socket ends when its capability does");
});

test("each write has its command, and a secret is none that readers of people may read", () => {
  const grants = { list: () => [], tokens: () => undefined } as unknown as GrantSide;
  const office = Object.assign(new GuardedOffice(), { grants });
  const writes = dataRoutes(office, () => 0).filter(({ access }) => access === "write");
  assert.ok(writes.length > 6);
  for (const { method, path } of writes) {
    // Keeps files still for the command beside them: no grant can open that from afar.
    if (path.startsWith("/v1/backup")) {
      assert.equal(writeGuardOf(method, path), undefined);
      continue;
    }
    const guard = writeGuardOf(method, path.replaceAll(/[{}]/g, ""));
    assert.ok(guard, `${method} ${path} is in the table of commands`);
    assert.ok(!guard.commands.includes(READ_PEOPLE));
  }
  assert.equal(writeGuardOf("GET", "/v1/people"), undefined);
  assert.deepEqual(guardOf("GET", "/v1/invitations")?.commands, ["/mesh/invite"]);
});
