/** What an open stream tells. After `closed` it says no more. */
export interface ByteStreamEvents {
  data(bytes: Uint8Array): void;
  /** It went away by itself; the reason is one line for people. */
  closed(reason: string): void;
}

export interface ByteStream {
  /** Ends it; `closed` is not told then. */
  close(): Promise<void>;
}

/** Opens the device once; rejects with one line that says what to do. */
export type OpenByteStream = (events: ByteStreamEvents) => Promise<ByteStream>;
