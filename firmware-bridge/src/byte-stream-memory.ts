import { utf8 } from "../../src/base/bytes.ts";
import type { ByteStream, ByteStreamEvents, OpenByteStream } from "./byte-stream.ts";

/** A device in memory that can be unplugged; the twin of a serial port. */
export class MemoryDevice {
  /** How often somebody tried to open it. */
  attempts = 0;
  private missing: string | undefined;
  private events: ByteStreamEvents | undefined;

  get isOpen(): boolean {
    return this.events !== undefined;
  }

  readonly open: OpenByteStream = async (events): Promise<ByteStream> => {
    this.attempts++;
    if (this.missing !== undefined) throw new Error(this.missing);
    this.events = events;
    return {
      close: async () => {
        this.events = undefined;
      },
    };
  };

  send(text: string): void {
    this.events?.data(utf8(text));
  }

  /** From now on it can't be opened, for this reason; who has it open is told. */
  unplug(reason: string): void {
    this.missing = reason;
    const { events } = this;
    this.events = undefined;
    events?.closed(reason);
  }

  plugIn(): void {
    this.missing = undefined;
  }
}
