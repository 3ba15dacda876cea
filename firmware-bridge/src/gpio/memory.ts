import type { GpioLine, Level, LineEvents, LineRequest, OpenLine } from "./port.ts";

/** Lines in memory that a test drives, and that can go away; the twin of a header. */
export class MemoryHeader {
  private readonly levels = new Map<number, Level>();
  private readonly open_ = new Map<number, LineEvents>();
  private missing: string | undefined;
  /** How often somebody tried to open a line. */
  attempts = 0;

  readonly open: OpenLine = async (request: LineRequest, events): Promise<GpioLine> => {
    this.attempts++;
    if (this.missing !== undefined) throw new Error(this.missing);
    const { pin } = request;
    if (this.open_.has(pin)) throw new Error(`GPIO${pin} is held by something else`);
    this.open_.set(pin, events);
    events.level(this.levels.get(pin) ?? 0);
    return {
      close: async () => {
        this.open_.delete(pin);
      },
    };
  };

  isOpen(pin: number): boolean {
    return this.open_.has(pin);
  }

  drive(pin: number, level: Level): void {
    if (this.levels.get(pin) === level) return;
    this.levels.set(pin, level);
    this.open_.get(pin)?.level(level);
  }

  /** From now on no line can be opened, for this reason; who has one open is told. */
  unplug(reason: string): void {
    this.missing = reason;
    const all = [...this.open_.values()];
    this.open_.clear();
    for (const events of all) events.closed(reason);
  }

  plugIn(): void {
    this.missing = undefined;
  }
}
