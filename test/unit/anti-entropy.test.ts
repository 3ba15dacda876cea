import assert from "node:assert/strict";
import test from "node:test";
import { utf8 } from "../../src/base/bytes.ts";
import { nodeIdOfKey } from "../../src/base/id.ts";
import { SeededRandom } from "../../src/base/random.ts";
import { sha256 } from "../../src/maelstrom/names.ts";
import { AntiEntropy } from "../../src/overlay/anti-entropy.ts";
import { DEFAULT_PARAMETERS } from "../../src/overlay/parameters.ts";
import { Replica } from "../../src/replica/replica.ts";

const PEER = nodeIdOfKey(sha256(utf8("peer")));
const STEP_MS = 10;

/** When, within the span, a digest goes out that an exchange ending at each `brings` asked for. */
function digestsMs(spanMs: number, brings: (nowMs: number) => boolean): readonly number[] {
  const replica = new Replica({ hash: sha256, verify: () => true, admit: () => true });
  const quiet = { ...DEFAULT_PARAMETERS, syncMs: 10_000 };
  const antiEntropy = new AntiEntropy(replica, quiet, new SeededRandom(1));
  const sentMs: number[] = [];
  for (let nowMs = 0; nowMs < spanMs; nowMs += STEP_MS) {
    if (brings(nowMs)) antiEntropy.recheck(PEER, nowMs);
    if (antiEntropy.wakeAtMs() > nowMs) continue;
    if (antiEntropy.wake([], nowMs).length > 0) sentMs.push(nowMs);
  }
  return sentMs;
}

test("after an exchange that brought something there is one more look", () => {
  assert.deepEqual(
    digestsMs(30_000, (nowMs) => nowMs === 0),
    [400],
  );
});

test("while every look brings something, the looks get rarer", () => {
  const sentMs = digestsMs(30_000, () => true);
  const pauses = sentMs.slice(1).map((atMs, at) => atMs - (sentMs[at] ?? 0));
  assert.ok(sentMs.length < 10, `${sentMs}`);
  assert.ok(pauses.every((pauseMs, at) => pauseMs >= (pauses[at - 1] ?? 0)));
  assert.ok(Math.max(...pauses) <= DEFAULT_PARAMETERS.syncMs + STEP_MS);
});

test("after a calm while the next look is soon again", () => {
  const sentMs = digestsMs(60_000, (nowMs) => nowMs < 5_000 || nowMs === 40_000);
  assert.equal(sentMs.at(-1), 40_400);
});
