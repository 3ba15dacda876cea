import { fromUtf8, utf8 } from "../base/bytes.ts";
import type { NodeId } from "../base/id.ts";
import { record, uint } from "../base/tlv.ts";
import { addToCounter, counterValue, type PnCounter } from "../crdt/pn-counter.ts";
import { VALUE_BYTES_MAX } from "../replica/entry.ts";
import { ENTRIES_PER_ORIGIN_MAX } from "../replica/origin-limits.ts";
import type { Mesh } from "./mesh.ts";
import { type Body, ERROR, RequestError } from "./protocol.ts";

/** Answers a request: the fields of its reply, or undefined where the workload has no such type. */
type Answer = Readonly<Record<string, unknown>> | undefined;
export type Workload = (mesh: Mesh, request: Body) => Answer;

/** Maelstrom's workloads (doc/workloads.md) that suit a mesh which agrees in the end. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  broadcast: (mesh, request) => {
    if (request.type === "broadcast") return addElement(mesh, request.message);
    return request.type === "read" ? { messages: elements(mesh) } : undefined;
  },
  "g-set": (mesh, request) => {
    if (request.type === "add") return addElement(mesh, request.element);
    return request.type === "read" ? { value: elements(mesh) } : undefined;
  },
  "g-counter": (mesh, request) => counter(mesh, request, 0),
  "pn-counter": (mesh, request) => counter(mesh, request, Number.MIN_SAFE_INTEGER),
};

const ELEMENT = "element ";
const COUNTER_KEY = "counter";
/** Beside elements, an origin has a birth and a sign of life. */
const ELEMENTS_MAX = ENTRIES_PER_ORIGIN_MAX - 2;

const shareRecord = record({ plus: uint(1), minus: uint(2) });

/** A set is the union of what the origins say, an entry an element. */
function addElement(mesh: Mesh, element: unknown): Answer {
  if (element === undefined) throw malformed("there is nothing to add");
  if (typeof element === "number" && Number.isInteger(element) && !Number.isSafeInteger(element)) {
    throw malformed("whole numbers are exact below 2^53 only");
  }
  const value = utf8(JSON.stringify(element));
  if (value.length > VALUE_BYTES_MAX) throw malformed(`over ${VALUE_BYTES_MAX} bytes`);
  const size = mesh.replica.state(mesh.self)?.held.size ?? 0;
  if (size > ELEMENTS_MAX) throw new RequestError(ERROR.abort, `over ${ELEMENTS_MAX} elements`);
  mesh.write(`${ELEMENT}${size}`, value);
  return {};
}

function elements(mesh: Mesh): readonly unknown[] {
  const texts = new Set<string>();
  for (const { entry } of mesh.replica.live()) {
    if (!entry.key.startsWith(ELEMENT) || entry.value === undefined) continue;
    const text = fromUtf8(entry.value);
    if (text !== undefined) texts.add(text);
  }
  return [...texts].map((text) => JSON.parse(text));
}

/** A counter is a PN-counter whose shares each origin says itself. */
function counter(mesh: Mesh, request: Body, deltaMin: number): Answer {
  if (request.type === "read") return { value: counterValue(shares(mesh)) };
  if (request.type !== "add") return undefined;
  const { delta } = request;
  if (typeof delta !== "number" || !Number.isSafeInteger(delta) || delta < deltaMin) {
    throw malformed(`"delta" must be a whole number${deltaMin === 0 ? " from 0" : ""}`);
  }
  const share = addToCounter(shares(mesh), mesh.self, delta).get(mesh.self);
  if (share === undefined) return {};
  if (!Number.isSafeInteger(share.plus) || !Number.isSafeInteger(share.minus)) {
    throw new RequestError(ERROR.abort, "a sum over 2^53");
  }
  mesh.write(COUNTER_KEY, shareRecord.encode(share));
  return {};
}

function shares(mesh: Mesh): PnCounter {
  const counter = new Map<NodeId, { plus: number; minus: number }>();
  for (const { origin } of mesh.replica.origins()) {
    const value = mesh.replica.get(origin, COUNTER_KEY)?.entry.value;
    const decoded = value === undefined ? undefined : shareRecord.decode(value);
    if (decoded?.ok) counter.set(origin, decoded.value);
  }
  return counter;
}

function malformed(reason: string): RequestError {
  return new RequestError(ERROR.malformedRequest, reason);
}
