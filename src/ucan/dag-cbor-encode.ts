import { compareBytes, concatBytes, utf8 } from "../base/bytes.ts";
import { cidBytes, type Ipld, isList, isMap, Link } from "./ipld.ts";

const LINK_TAG = 42;
const FLOAT64 = 0xfb;
const SIMPLE = { false: 0xf4, true: 0xf5, null: 0xf6 } as const;
const MAJOR = { uint: 0, negative: 1, bytes: 2, text: 3, list: 4, map: 5, tag: 6 } as const;

/**
 * A value as DAG-CBOR, the one encoding that it has (ipld.io/specs/codecs/dag-cbor).
 *
 * Throws for what is no IPLD: a number that is neither finite nor safe, a link to no content id.
 */
export function encodeDagCbor(value: Ipld): Uint8Array {
  const parts: Uint8Array[] = [];
  put(value, parts);
  return concatBytes(parts);
}

function put(value: Ipld, parts: Uint8Array[]): void {
  if (value === null) parts.push(Uint8Array.of(SIMPLE.null));
  else if (typeof value === "boolean") parts.push(Uint8Array.of(SIMPLE[`${value}`]));
  else if (typeof value === "number") parts.push(numberBytes(value));
  else if (typeof value === "string") putBytes(MAJOR.text, utf8(value), parts);
  else if (value instanceof Uint8Array) putBytes(MAJOR.bytes, value, parts);
  else if (value instanceof Link) putLink(value, parts);
  else if (isList(value)) {
    parts.push(head(MAJOR.list, value.length));
    for (const item of value) put(item, parts);
  } else if (isMap(value)) {
    const keys = Object.keys(value).map((key) => ({ key, bytes: utf8(key) }));
    keys.sort((left, right) => compareKeys(left.bytes, right.bytes));
    parts.push(head(MAJOR.map, keys.length));
    for (const { key, bytes } of keys) {
      putBytes(MAJOR.text, bytes, parts);
      put(value[key] ?? null, parts);
    }
  }
}

/** DAG-CBOR's order of keys: shorter ones first, then byte by byte. */
export function compareKeys(left: Uint8Array, right: Uint8Array): number {
  return left.length - right.length || compareBytes(left, right);
}

function putBytes(major: number, bytes: Uint8Array, parts: Uint8Array[]): void {
  parts.push(head(major, bytes.length), bytes);
}

function putLink({ cid }: Link, parts: Uint8Array[]): void {
  const bytes = cidBytes(cid);
  if (bytes === undefined) throw new TypeError(`${cid} is no content id of a token`);
  // The leading 0 is multibase's sign for plain bytes.
  parts.push(head(MAJOR.tag, LINK_TAG));
  putBytes(MAJOR.bytes, concatBytes([Uint8Array.of(0), bytes]), parts);
}

function numberBytes(value: number): Uint8Array {
  if (Number.isSafeInteger(value)) {
    return value < 0 ? head(MAJOR.negative, -1 - value) : head(MAJOR.uint, value);
  }
  if (!Number.isFinite(value) || Number.isInteger(value)) {
    throw new TypeError(`${value} is no number of IPLD`);
  }
  const bytes = new Uint8Array(9);
  bytes[0] = FLOAT64;
  new DataView(bytes.buffer).setFloat64(1, value);
  return bytes;
}

function head(major: number, value: number): Uint8Array {
  const first = major << 5;
  if (value < 24) return Uint8Array.of(first | value);
  if (value < 2 ** 8) return Uint8Array.of(first | 24, value);
  if (value < 2 ** 16) return Uint8Array.of(first | 25, value >> 8, value & 255);
  const long = value >= 2 ** 32;
  const bytes = new Uint8Array(long ? 9 : 5);
  bytes[0] = first | (long ? 27 : 26);
  const view = new DataView(bytes.buffer);
  if (long) view.setBigUint64(1, BigInt(value));
  else view.setUint32(1, value);
  return bytes;
}
