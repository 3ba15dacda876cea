/** Accents of Latin, Greek and Cyrillic; marks of other scripts make other letters. */
const ACCENTS = /[\u0300-\u036f]/g;

/**
 * What two spellings of one person's name have in common: case, accents, how a letter is composed
 * and how wide a gap is make no difference ("José  Silva" and "jose silva"). Never shown.
 */
export function personKey(name: string): string {
  const plain = name.normalize("NFKD").replace(ACCENTS, "");
  // Up first: that is where "ß" and "ss", and the two small sigmas, meet.
  return plain.toUpperCase().toLowerCase().replace(/\s+/g, " ").trim();
}
