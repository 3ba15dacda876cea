/** People who went through a door just now; none at all says only that the door is there. */
export interface Passage {
  /** The sensor's own name, without its node's. */
  readonly sensor: string;
  /** The room that the door leads to, where it is not the node's own. */
  readonly room?: string;
  /** Whole numbers from 0. */
  readonly ins: number;
  readonly outs: number;
}
