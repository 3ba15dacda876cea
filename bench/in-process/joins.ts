import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createVerifier, generateKeyPem, identityFromPem } from "../../src/trust/identity.ts";
import { type Contender, plainMap, updates } from "./contender.ts";
import { perCpuSecond } from "./cpu.ts";
import { figure, type Section } from "./section.ts";
import { watercooler } from "./watercooler.ts";

const WRITERS = 50;
const UPDATES = 5_000;
const HISTORY_TIMES = 4;
const SIGNATURES = 1_000;
const BODY_BYTES = 120;

interface Row {
  readonly title: string;
  readonly writesPerSecond: number;
  readonly readsPerSecond: number;
  readonly joinsPerSecond: number | undefined;
  readonly frameBytes: number;
  readonly stateBytes: readonly [number, number];
}

/** Encode and join of the replica beside libraries, on the same updates. */
export async function joins(): Promise<Section> {
  const url = pathToFileURL(resolve("bench/rivals/crdts.mjs")).href;
  const { rivals } = (await import(url)) as { readonly rivals: readonly Contender[] };
  const ours = measure(watercooler);
  const rows = [ours, ...[plainMap, ...rivals].map(measure)];
  const signatures = signaturesPerSecond();
  const alone = (ours.joinsPerSecond ?? 0) / signatures;
  return {
    title: "Encode and join",
    head: [
      "",
      "ours encodes, times as fast",
      "ours decodes and joins, times as fast",
      "encoded a second",
      "decoded and joined a second",
      "joined alone, a second",
      "bytes an update",
      `state, bytes, ${figure(UPDATES)} updates`,
      `${HISTORY_TIMES} times the history`,
    ],
    rows: rows.map((row) => cells(row, ours)),
    notes: [
      `${WRITERS} writers, each update a frame of its own, a key set to a value that nobody has ` +
        "seen yet; a second is one of the process's CPU time.",
      `Checks of Ed25519 signatures, one after another: ${figure(signatures)} a second: ` +
        `${figure(alone)} joins without for one with.`,
    ],
  };
}

function measure(contender: Contender): Row {
  process.stderr.write(`${contender.title} ...\n`);
  const all = updates(UPDATES, WRITERS);
  const frames = contender.write(all, WRITERS)();
  const longer = contender.write(updates(UPDATES * HISTORY_TIMES, WRITERS), WRITERS)();
  const { join } = contender;
  return {
    title: contender.title,
    writesPerSecond: perCpuSecond(UPDATES, () => contender.write(all, WRITERS)),
    readsPerSecond: perCpuSecond(UPDATES, () => () => contender.read(frames)),
    joinsPerSecond: join && joinsPerSecond(join(frames)),
    frameBytes: frames.reduce((sum, { length }) => sum + length, 0) / frames.length,
    stateBytes: [contender.stateBytes(frames), contender.stateBytes(longer)],
  };
}

function joinsPerSecond(job: () => unknown): number {
  return perCpuSecond(UPDATES, () => job);
}

function cells(row: Row, ours: Row): readonly (string | number)[] {
  return [
    row.title,
    ours.writesPerSecond / row.writesPerSecond,
    ours.readsPerSecond / row.readsPerSecond,
    row.writesPerSecond,
    row.readsPerSecond,
    row.joinsPerSecond ?? "-",
    row.frameBytes,
    ...row.stateBytes,
  ];
}

/** Checks as they come in, on one core. */
function signaturesPerSecond(): number {
  const made = identityFromPem(generateKeyPem());
  if (!made.ok) throw new Error(made.error);
  const identity = made.value;
  const signed = Array.from({ length: SIGNATURES }, (_, at) => {
    const body = new Uint8Array(BODY_BYTES).fill(at);
    return { body, signature: identity.sign(body) };
  });
  const verify = createVerifier();
  return perCpuSecond(SIGNATURES, () => () => {
    for (const { body, signature } of signed) {
      if (!verify(identity.id, body, signature)) throw new Error("a good signature is refused");
    }
  });
}
