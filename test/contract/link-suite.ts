import assert from "node:assert/strict";
import test from "node:test";
import type { Address, NodeId } from "../../src/base/id.ts";
import {
  FRAME_BYTES_MAX,
  HELLO_BYTES_MAX,
  LINK_BUFFER_BYTES_MAX,
  type LinkFailure,
  type LinkIdentity,
  type LinkTransport,
  type SendOutcome,
} from "../../src/link/port.ts";
import { bytesOf, identityOf, Party, until } from "./link-party.ts";

const ROUNDS = 20;
/** What TLS and WebSocket put around a few frames. */
const FRAMING_BYTES_MAX = 4_096;

/** What the suite needs of a transport. */
export interface LinkLab {
  /** At least three identities that the transport can prove. */
  readonly ids: readonly NodeId[];
  /** A transport of one of them; `listen` is `host:port`. */
  transport(identity: LinkIdentity, listen: string): LinkTransport;
  /** A peer that links itself to `party` and then reads nothing. */
  deafPeer(identity: LinkIdentity, party: Party): Promise<{ hangUp(): void }>;
}

/** What every LinkTransport must do (src/link/port.ts). */
export function linkSuite(name: string, makeLab: () => LinkLab): void {
  const lab = makeLab();
  const [idA, idB, idC] = lab.ids as [NodeId, NodeId, NodeId];
  const started: Party[] = [];

  const party = async (id: NodeId, boot = "boot", refuses?: LinkFailure, listen = "127.0.0.1:0") =>
    partyOf(identityOf(id, boot, refuses), listen);
  const partyOf = async (identity: LinkIdentity, listen = "127.0.0.1:0") => {
    const made = new Party(identity.self, lab.transport(identity, listen));
    started.push(made);
    return made.start();
  };
  const check = (what: string, run: () => Promise<void>) =>
    test(`${name}: ${what}`, async () => {
      try {
        await run();
        for (const one of started) one.checkOrder();
      } finally {
        await Promise.all(started.splice(0).map(({ transport }) => transport.stop()));
      }
    });
  const linked = async () => {
    const [a, b] = [await party(idA), await party(idB)];
    a.transport.dial(b.address, idB);
    await until(() => a.count("up") === 1 && b.count("up") === 1, "up at both ends");
    return [a, b] as const;
  };

  check("a link goes up and down at both ends", async () => {
    const [a, b] = await linked();
    assert.deepEqual(
      [a.transport.stats()[0]?.initiator, b.transport.stats()[0]?.initiator],
      ["self", "peer"],
    );
    assert.equal(a.transport.stats()[0]?.remote, b.address);
    b.transport.close(idA);
    await until(() => a.count("down") === 1 && b.count("down") === 1, "down at both ends");
    assert.deepEqual([a.reasons("down"), b.reasons("down")], [["closed"], ["local"]]);
    assert.equal(a.transport.send(idB, bytesOf("late")), "no-link");
  });

  check("frames arrive whole and in order, also those sent on hearing of the link", async () => {
    const [a, b] = [await party(idA), await party(idB)];
    for (const one of [a, b]) {
      one.reaction = ({ type }) => {
        if (type !== "up") return;
        const peer = one === a ? idB : idA;
        for (let at = 0; at < 100; at++) one.transport.send(peer, bytesOf(`frame ${at}`));
      };
    }
    a.transport.dial(b.address, idB);
    await until(() => a.frames().length === 100 && b.frames().length === 100, "100 each way");
    const wanted = Array.from({ length: 100 }, (_, at) => `frame ${at}`);
    assert.deepEqual(a.frames(), wanted);
    assert.deepEqual(b.frames(), wanted);
    const [stats] = a.transport.stats();
    assert.ok(stats !== undefined && stats.bytesIn > 700 && stats.bytesOut > 700);
  });

  check("the largest frame goes through, one longer is not sent, an empty one is one", async () => {
    const [a, b] = await linked();
    assert.equal(a.transport.send(idB, new Uint8Array(FRAME_BYTES_MAX + 1)), "oversize");
    assert.equal(a.transport.send(idB, new Uint8Array(FRAME_BYTES_MAX).fill(65)), "sent");
    assert.equal(a.transport.send(idB, new Uint8Array()), "sent");
    await until(() => b.frames().length === 2, "both");
    assert.deepEqual(
      b.frames().map(({ length }) => length),
      [FRAME_BYTES_MAX, 0],
    );
  });

  check("of two crossed dials one link stays, and both ends agree which", async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [a, b] = [await party(idA), await party(idB)];
      a.transport.dial(b.address, round % 2 === 0 ? idB : undefined);
      b.transport.dial(a.address, idA);
      let tries = 0;
      // Frames of the link that goes may be lost; on the one that stays none is.
      const talk = () => {
        tries += 1;
        a.transport.send(idB, bytesOf(`${tries}`));
        b.transport.send(idA, bytesOf(`${tries}`));
        return a.frames().includes(`${tries - 20}`) && b.frames().includes(`${tries - 20}`);
      };
      await until(talk, "one link that carries frames");
      const [one] = a.transport.stats();
      const [other] = b.transport.stats();
      assert.notEqual(one?.initiator, other?.initiator);
      assert.equal(one?.initiator === "self", idA < idB, "the smaller id's link");
      assert.ok(a.count("up") <= 2 && b.count("up") <= 2, "no more than the two links there were");
      assert.deepEqual([a.reasons("refused"), b.reasons("refused")], [[], []]);
      for (const end of [a, b]) end.checkOrder();
      await Promise.all(started.splice(0).map(({ transport }) => transport.stop()));
    }
  });

  check("a dial to a linked peer changes nothing", async () => {
    const [a, b] = await linked();
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      for (const expected of [to.id, undefined]) {
        const told = from.count("dial-failed");
        from.transport.dial(to.address, expected);
        await until(() => from.count("dial-failed") > told, "told");
      }
      assert.deepEqual(from.reasons("dial-failed"), ["replaced", "replaced"]);
    }
    assert.equal(a.count("refused") + b.count("refused"), 0);
    assert.deepEqual(
      [a.count("up"), b.count("up"), a.count("down"), b.count("down")],
      [1, 1, 0, 0],
    );
    a.transport.send(idB, bytesOf("still there"));
    await until(() => b.frames().includes("still there"), "the old link carries on");
  });

  check("somebody else, oneself and nobody at the address fail by name", async () => {
    const [a, b] = [await party(idA), await party(idB)];
    const gone = await party(idC);
    const { address } = gone;
    await gone.transport.stop();
    a.transport.dial(b.address, idC);
    a.transport.dial(a.address, undefined);
    a.transport.dial(address, idC);
    await until(() => a.count("dial-failed") === 3, "three failures");
    const failures = a.events.flatMap((event) =>
      event.type === "dial-failed" ? [[event.address, event.reason]] : [],
    );
    assert.deepEqual(
      new Map(failures as [Address, LinkFailure][]),
      new Map([
        [b.address, "wrong-identity"],
        [a.address, "self"],
        [address, "unreachable"],
      ] as [Address, LinkFailure][]),
    );
    assert.equal(a.count("up") + b.count("up"), 0);
  });

  check("a peer's new boot replaces its former self, whoever dials", async () => {
    const [a, b] = await linked();
    const again = await party(idA, "second boot");
    again.transport.dial(b.address, idB);
    await until(() => b.count("up") === 2 && a.count("down") === 1, "replaced");
    const third = await party(idA, "third boot");
    b.transport.dial(third.address, undefined);
    await until(() => b.count("up") === 3 && again.count("down") === 1, "replaced again");
    assert.deepEqual(
      b.events.map(({ type }) => type),
      ["up", "down", "up", "down", "up"],
    );
    assert.deepEqual(b.reasons("down"), ["replaced", "replaced"]);
    await until(() => third.count("up") === 1, "up at the newest too");
  });

  check("who is refused is told so, whoever refuses, and never sees a link", async () => {
    const [a, strict] = [await party(idA), await party(idB, "boot", "not-member")];
    a.transport.dial(strict.address, idB);
    await until(() => a.reasons("dial-failed").includes("not-member"), "refused as it dials");
    strict.transport.dial(a.address, idA);
    await until(() => strict.reasons("dial-failed").includes("not-member"), "refuses as it dials");
    await until(() => a.reasons("refused").includes("not-member"), "hears of it");
    assert.deepEqual(
      [a.reasons("refused"), strict.reasons("refused")],
      [["not-member"], ["not-member"]],
    );
    assert.equal(a.count("up") + strict.count("up"), 0);
  });

  check("an overlong hello is refused, and so is one at which `judge` throws", async () => {
    const wordy = { ...identityOf(idC, "boot"), hello: () => new Uint8Array(HELLO_BYTES_MAX + 1) };
    const confused: LinkIdentity = {
      ...identityOf(idB, "boot"),
      judge: () => {
        throw new RangeError("out of range");
      },
    };
    const [a, b, c] = [await party(idA), await partyOf(confused), await partyOf(wordy)];
    c.transport.dial(a.address, idA);
    await until(() => c.reasons("dial-failed").includes("bad-hello"), "too long");
    a.transport.dial(b.address, idB);
    await until(() => a.reasons("dial-failed").includes("bad-hello"), "judge throws as it listens");
    b.transport.dial(a.address, idA);
    await until(() => b.reasons("dial-failed").includes("bad-hello"), "judge throws as it dials");
    assert.equal(a.count("up") + b.count("up") + c.count("up"), 0);
  });

  check("a peer that does not read is dropped as slow, with a bound on what waits", async () => {
    const a = await party(idA);
    const deaf = await lab.deafPeer(identityOf(idB, "boot"), a);
    try {
      const frame = new Uint8Array(FRAME_BYTES_MAX);
      let outcome: SendOutcome = "sent";
      await until(() => {
        outcome = a.transport.send(idB, frame);
        const [stats] = a.transport.stats();
        assert.ok((stats?.bufferedBytes ?? 0) <= LINK_BUFFER_BYTES_MAX + FRAMING_BYTES_MAX);
        return outcome !== "sent";
      }, "the buffer is full");
      assert.equal(outcome, "overflow");
      assert.deepEqual(a.reasons("down"), ["slow"]);
      assert.equal(a.transport.send(idB, frame), "no-link");
    } finally {
      deaf.hangUp();
    }
  });

  check("what a busy moment sends waits and arrives, up to the bound", async () => {
    const [a, b] = await linked();
    const frames = LINK_BUFFER_BYTES_MAX / FRAME_BYTES_MAX - 1;
    for (let at = 0; at < frames; at++) {
      assert.equal(a.transport.send(idB, new Uint8Array(FRAME_BYTES_MAX).fill(65 + at)), "sent");
    }
    await until(() => b.frames().length === frames, "all");
    await until(() => a.transport.stats()[0]?.bufferedBytes === 0, "nothing waits");
    assert.equal(a.count("down"), 0);
  });

  check("a taken port is said in one line, and stop frees it", async () => {
    const a = await party(idA);
    const { address } = a;
    const second = lab.transport(identityOf(idB, "boot"), address);
    await assert.rejects(
      second.start(() => {}),
      /^Error: port \d+ on 127\.0\.0\.1 is taken by another program: .+$/,
    );
    await second.stop();
    await a.transport.stop();
    const b = await party(idB, "boot", undefined, address);
    assert.equal(b.address, address);
  });

  check("stop ends links at the other end and says nothing more at this one", async () => {
    const [a, b] = await linked();
    const told = a.events.length;
    a.transport.send(idB, bytesOf("farewell"));
    await a.transport.stop();
    await until(() => b.count("down") === 1, "down");
    assert.ok(b.frames().includes("farewell"));
    a.transport.dial(b.address, idB);
    assert.equal(a.transport.send(idB, bytesOf("late")), "no-link");
    assert.equal(a.events.length, told);
    assert.equal(a.transport.stats().length, 0);
    started.splice(started.indexOf(a), 1);
  });
}
