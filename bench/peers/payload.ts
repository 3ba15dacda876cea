/** As long as one of our readings with its key: what every system here carries. */
const PAYLOAD_BYTES = 40;

/** A write as bytes, for the systems that carry bytes. */
export function payload(origin: number, seq: number): Buffer {
  const bytes = Buffer.alloc(PAYLOAD_BYTES);
  bytes.writeUInt32BE(origin, 0);
  bytes.writeUInt32BE(seq, 4);
  return bytes;
}

/** Whose write some bytes are. */
export function parsePayload(bytes: Uint8Array): readonly [origin: number, seq: number] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return [view.getUint32(0), view.getUint32(4)];
}
