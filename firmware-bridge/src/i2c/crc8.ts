/** Sensirion's checksum: polynomial 0x31, start 0xFF, no reflection (SHT3x datasheet, 4.12). */
export function crc8(bytes: Iterable<number>): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x80) === 0 ? crc << 1 : ((crc << 1) ^ 0x31) & 0xff;
  }
  return crc & 0xff;
}

/** Two bytes and their checksum, as Sensirion's chips take an argument. */
export function wordWithCrc(word: number): readonly [number, number, number] {
  const high = (word >> 8) & 0xff;
  const low = word & 0xff;
  return [high, low, crc8([high, low])];
}

/** The 16-bit words of an answer, each followed by its checksum. Throws where one is wrong. */
export function wordsOf(answer: Uint8Array): number[] {
  const words: number[] = [];
  for (let at = 0; at + 2 < answer.length; at += 3) {
    const [high = 0, low = 0, check] = answer.subarray(at, at + 3);
    if (crc8([high, low]) !== check) {
      throw new Error("a wrong checksum: shorten the wires, or check the pull-ups");
    }
    words.push((high << 8) | low);
  }
  return words;
}
