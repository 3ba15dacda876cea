/** Longest packet (RFC 6762, section 17). */
const PACKET_BYTES_MAX = 9_000;
const HEADER_BYTES = 12;
/** Questions and records of one packet; more is nothing that a node sends. A guess. */
const RECORDS_MAX = 256;
/** The same where some are of types whose insides are not looked at here: of others' services. */
const FOREIGN_RECORDS_MAX = 32;
const FOREIGN_BYTES_MAX = 1_500;
/** Pointers within one name: compression needs one, or one more for each label shared. A guess. */
const JUMPS_MAX = 8;
const NAME_BYTES_MAX = 255;
const [TYPE_A, TYPE_PTR, TYPE_TXT, TYPE_AAAA, TYPE_SRV] = [1, 12, 16, 28, 33] as const;

/**
 * Whether a multicast DNS packet is what it says: counts, names and lengths within it.
 *
 * The library that decodes packets believes them: one of 86 bytes held a node for 0.2 s, and with
 * larger counts for 1.3 s (found by fuzzing: a text record may run past the end, and the library
 * then starts over from the beginning). So it is handed none that has not passed here.
 */
export function isSober(packet: Uint8Array): boolean {
  if (packet.length < HEADER_BYTES || packet.length > PACKET_BYTES_MAX) return false;
  const [questions, ...records] = [4, 6, 8, 10].map((at) => uint16(packet, at));
  const rest = records.reduce((sum, count) => sum + count, 0);
  const count = (questions ?? 0) + rest;
  if (count > RECORDS_MAX) return false;
  let at = HEADER_BYTES;
  for (let question = 0; question < (questions ?? 0); question++) {
    at = nameEnd(packet, at) + 4;
    if (!(at <= packet.length)) return false;
  }
  let foreign = 0;
  for (let record = 0; record < rest; record++) {
    const head = nameEnd(packet, at);
    const data = head + 10;
    // Not a number where the name is none.
    if (!(data <= packet.length)) return false;
    const end = data + uint16(packet, head + 8);
    if (end > packet.length) return false;
    const kind = contentKind(packet, uint16(packet, head), data, end);
    if (kind === "bad") return false;
    if (kind === "foreign") foreign += 1;
    at = end;
  }
  return foreign === 0 || (count <= FOREIGN_RECORDS_MAX && packet.length <= FOREIGN_BYTES_MAX);
}

/** Whether a record's data is exactly as long as its type has it. */
function contentKind(
  packet: Uint8Array,
  type: number,
  from: number,
  to: number,
): "good" | "bad" | "foreign" {
  switch (type) {
    case TYPE_A:
      return to - from === 4 ? "good" : "bad";
    case TYPE_AAAA:
      return to - from === 16 ? "good" : "bad";
    case TYPE_PTR:
      return nameEnd(packet, from) === to ? "good" : "bad";
    case TYPE_SRV:
      return nameEnd(packet, from + 6) === to ? "good" : "bad";
    case TYPE_TXT: {
      let at = from;
      while (at < to) at += 1 + (packet[at] ?? 0);
      return at === to ? "good" : "bad";
    }
    default:
      return "foreign";
  }
}

/** Where a name at a place ends, or not a number where there is none. */
function nameEnd(packet: Uint8Array, from: number): number {
  let at = from;
  let end: number | undefined;
  let length = 0;
  for (let jumps = 0; jumps <= JUMPS_MAX; ) {
    const size = packet[at];
    if (size === undefined) return Number.NaN;
    if (size === 0) return end ?? at + 1;
    if (size >= 0xc0) {
      end ??= at + 2;
      const to = uint16(packet, at) - 0xc000;
      if (end > packet.length || to >= at) return Number.NaN;
      at = to;
      jumps += 1;
      continue;
    }
    length += size + 1;
    if (size > 63 || length > NAME_BYTES_MAX) return Number.NaN;
    at += size + 1;
  }
  return Number.NaN;
}

function uint16(packet: Uint8Array, at: number): number {
  return (packet[at] ?? 0) * 256 + (packet[at + 1] ?? 0);
}
