import assert from "node:assert/strict";
import test from "node:test";
import { grantInFragment, grantLink, grantText, parseGrantText } from "../../src/api/grant-text.ts";
import { SeenInvocations } from "../../src/api/seen-invocations.ts";
import { RequestSigner } from "../../src/cli/signing.ts";
import { createUcanCrypto } from "../../src/trust/ucan-crypto.ts";
import { containerText, fromContainerText } from "../../src/ucan/container.ts";
import { delegate } from "../../src/ucan/delegation.ts";
import { decodeInvocation, type Invocation } from "../../src/ucan/invocation.ts";
import { identityOfSeed } from "./ucan-principals.ts";

const crypto = createUcanCrypto();
const SEED = "77".repeat(32);
const seed = new Uint8Array(Buffer.from(SEED, "hex"));
const root = identityOfSeed("11".repeat(32));
const node = identityOfSeed("22".repeat(32));
const guest = identityOfSeed(SEED);
const given = delegate(
  {
    issuer: root,
    audience: guest.id,
    subject: root.id,
    command: "/people",
    expiration: null,
    nonce: new Uint8Array(),
  },
  crypto,
);

function invocationIn(header: string | undefined): Invocation {
  const tokens = fromContainerText(header?.replace("Bearer ", "") ?? "");
  assert.ok(tokens.ok);
  const [found] = tokens.value.flatMap((bytes) => {
    const read = decodeInvocation(bytes, crypto);
    return read.ok ? [read.value] : [];
  });
  assert.ok(found);
  return found;
}

test("a request is signed by the node's clock, whatever ours says", async () => {
  const date = "Tue, 19 Jan 2038 03:14:07 GMT";
  const text = async () => `${grantText(seed, containerText([given]))}\n`;
  const signer = new RequestSigner(text, async () => ({ id: node.id, date }));
  const own = "/v1/people/Ana/devices/3c:22:fb:01:02:03";
  const { iat = 0, exp, aud, cmd, args } = invocationIn(await signer.header("PUT", own, ""));
  const theirS = Date.parse(date) / 1_000;
  assert.ok(Math.abs(iat - theirS) < 30, `${iat} is near ${theirS}`);
  assert.deepEqual([exp, aud, cmd], [iat + 60, node.id, "/people/register"]);
  assert.deepEqual([args.person, args.path, args.method], ["Ana", own, "PUT"]);
  assert.equal(await signer.header("PUT", "/v1/targets/lab/co2", "{}"), undefined);
  assert.equal(invocationIn(await signer.header("GET", "/v1/people", "")).cmd, "/people/read");
});

test("a grant's text and link give back its key", () => {
  const tokens = containerText([given]);
  assert.deepEqual(parseGrantText(` ${grantText(seed, tokens)}\n`), { seed, tokens });
  const { hash } = new URL(grantLink("http://pi:8080/", seed));
  assert.deepEqual(grantInFragment(hash), { seed, tokens: undefined });
  for (const bad of ["", "x", `${grantText(seed, tokens)}.x`, grantText(seed.slice(1), tokens)]) {
    assert.equal(parseGrantText(bad), undefined, bad);
  }
  assert.equal(grantInFragment("#room"), undefined);
});

test("used invocations are remembered for as long as they count, and no more than fit", () => {
  const seen = new SeenInvocations(2);
  assert.equal(seen.add("a", 100, 0), "new");
  assert.equal(seen.add("a", 100, 99), "seen");
  assert.equal(seen.add("b", 200, 0), "new");
  assert.equal(seen.add("c", 300, 99), "full", "none that counts is forgotten for another");
  assert.equal(seen.add("c", 300, 100), "new");
  seen.delete("c");
  assert.equal(seen.add("c", 300, 100), "new");
});
