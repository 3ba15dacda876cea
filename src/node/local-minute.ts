import type { Clock } from "../base/time.ts";

const HOUR_MINUTES = 60;

/** Minutes after midnight by this machine's own clock and time zone: for people's habits alone. */
export function localMinute(clock: Clock): number {
  const local = new Date(clock.wallMs());
  return local.getHours() * HOUR_MINUTES + local.getMinutes();
}
