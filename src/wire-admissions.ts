import { keyOfNodeId, splitAddress } from "./base/id.ts";
import type { Reception } from "./link/knock-port.ts";
import type { Admissions } from "./node/admissions.ts";
import { KNOCK_REFUSALS } from "./office/admissions.ts";
import { isName } from "./reading/reading.ts";
import { ANSWERS, answerRecord, greetingRecord, requestRecord } from "./trust/join-messages.ts";
import type { TrustParts } from "./wire-trust.ts";

/** What this member says to those who knock; `admissions` decides. */
export function receptionOf(
  { mesh, notary }: TrustParts,
  admissions: () => Admissions | undefined,
): Reception {
  return {
    greeting: () =>
      greetingRecord.encode({
        mesh: keyOfNodeId(mesh.id) ?? new Uint8Array(),
        credential: notary.credential,
      }),
    answer: ({ peer, remote, binding }, bytes) => {
      const request = requestRecord.decode(bytes);
      if (!request.ok) return undefined;
      const { name, proof } = request.value;
      // What was said on another connection is nobody's proof here.
      if (proof !== undefined && Buffer.compare(proof.binding, binding) !== 0) return undefined;
      const welcome = admissions()?.answer({
        node: peer,
        name: isName(name) ? name : "unnamed",
        // Without its port, which is another at each knock.
        address: splitAddress(remote)?.host ?? "?",
        proof,
      });
      if (welcome === undefined) return undefined;
      return answerRecord.encode({
        outcome: ANSWERS.indexOf(welcome.outcome),
        refusal:
          welcome.outcome === "refused" ? KNOCK_REFUSALS.indexOf(welcome.refusal) : undefined,
        credential: welcome.outcome === "admitted" ? welcome.credential : undefined,
        issue: welcome.outcome === "admitted" ? welcome.issue : undefined,
      });
    },
  };
}
