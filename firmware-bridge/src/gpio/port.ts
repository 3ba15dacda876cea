export type Level = 0 | 1;

/** Which line: the BCM number that people know, on the chip whose label it is. */
export interface LineRequest {
  readonly pin: number;
  /** The chip's label where it is not a Raspberry Pi's own header. */
  readonly chip?: string;
}

/** What an open line tells: its level at once, then every change. After `closed` no more. */
export interface LineEvents {
  level(level: Level): void;
  /** It went away by itself; the reason is one line for people. */
  closed(reason: string): void;
}

export interface GpioLine {
  /** Gives it back; `closed` is not told then. */
  close(): Promise<void>;
}

/** Opens a line once as an input; rejects with one line that says what to do. */
export type OpenLine = (request: LineRequest, events: LineEvents) => Promise<GpioLine>;

/** Labels of the chip behind the 40-pin header: Pi Zero to 3, Pi 4, Pi 5. */
export const HEADER_LABELS = ["pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1"] as const;

export interface FoundChip {
  readonly label: string;
  /** Where it was seen: a number in sysfs, a name under /dev. */
  readonly at: string;
}

/** The chip wanted, or what was looked for and what is there. */
export function chooseChip<C extends FoundChip>(
  chips: readonly C[],
  request: LineRequest,
  place: string,
): C {
  const wanted: readonly string[] = request.chip === undefined ? HEADER_LABELS : [request.chip];
  const chosen = chips.find(({ label }) => wanted.includes(label));
  if (chosen !== undefined) return chosen;
  const there = chips.map(({ label, at }) => `${label} (${at})`).join(", ");
  throw new Error(
    `no GPIO chip for pin ${request.pin}: looked in ${place} for the label ` +
      `${wanted.join(" or ")}, found ${there || "none"}; set chip to one of these`,
  );
}

/** Why a line did not open, with what to do about it. */
export function lineError({ pin }: LineRequest, detail: string): string {
  if (/EACCES|EPERM|Permission denied/i.test(detail)) {
    return `no permission on GPIO${pin}: add the user to the group gpio`;
  }
  if (/EBUSY|busy/i.test(detail)) {
    return `GPIO${pin} is held by something else: "gpioinfo" says by what, or use another pin`;
  }
  if (/EINVAL|Invalid argument|out of range/i.test(detail)) {
    return `GPIO${pin} is no line of this chip: set pin to a BCM number that it has`;
  }
  return `GPIO${pin}: ${detail.split("\n", 1)[0]}`;
}
