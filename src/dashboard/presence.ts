import type { RoomDocument } from "../api/types.ts";
import type { Texts } from "./texts/texts.ts";

/** From here on, and up to here, nobody need say "probably". Guesses. */
const SURE_MIN = 0.8;
const SURELY_EMPTY_MAX = 0.2;

/**
 * Whether anybody is in a room, in words. A room that has what could tell always has some, so that
 * its card keeps its height when a sensor falls silent; undefined where nothing tells.
 */
export function presenceText(
  { occupancy, readings }: RoomDocument,
  texts: Texts,
): string | undefined {
  const { occupied, likelihood, count } = occupancy;
  if (occupied === null && count !== null) return texts.lastCounted(count);
  if (occupied === null) {
    const couldTell = readings.motion !== undefined || readings.count !== undefined;
    return couldTell ? texts.presences.unknown : undefined;
  }
  if (!occupied) {
    const isSure = likelihood === null || likelihood <= SURELY_EMPTY_MAX;
    return isSure ? texts.presences.empty : texts.presences.perhapsEmpty;
  }
  if (count !== null && count > 0) return texts.peopleHere(count);
  const isSure = likelihood === null || likelihood >= SURE_MIN;
  return isSure ? texts.presences.somebody : texts.presences.perhapsSomebody;
}
