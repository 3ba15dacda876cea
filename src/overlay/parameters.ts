import { SECOND_MS } from "../base/time.ts";

/** All numbers of the overlay, with where each comes from. Times in milliseconds. */
export interface OverlayParameters {
  readonly activeMax: number;
  /** Below this the active view is filled from the passive one without being asked. */
  readonly activeMin: number;
  readonly passiveMax: number;
  /** Peers kept beyond the passive view, to be tried when nobody else answers. */
  readonly rememberedMax: number;
  readonly activeWalkLength: number;
  readonly passiveWalkLength: number;
  readonly shuffleActive: number;
  readonly shufflePassive: number;
  readonly shuffleMs: number;
  readonly shuffleTtl: number;
  readonly pingMs: number;
  readonly silentMs: number;
  /** A ping goes to each neighbour at least this often, however much else it says. */
  readonly affirmMs: number;
  readonly requestMs: number;
  readonly retryMs: number;
  readonly retryMsMax: number;
  /** How often the views are looked after. */
  readonly careMs: number;
  readonly probeMs: number;
  readonly probeMsMax: number;
  readonly idleLinkMs: number;
  readonly ihaveMs: number;
  /** The same over a tree that has not changed for `settleMs`. */
  readonly ihaveSettledMs: number;
  readonly settleMs: number;
  readonly graftMs: number;
  readonly graftAgainMs: number;
  readonly pruneAfter: number;
  readonly pruneMs: number;
  readonly syncMs: number;
  readonly syncBytesMax: number;
}

export const DEFAULT_PARAMETERS: OverlayParameters = {
  // HyParView, DSN 2007, section 5.1: 10,000 nodes, fanout 4.
  activeMax: 5,
  passiveMax: 30,
  // Deviation: a node that was evicted looks for another neighbour at once.
  activeMin: 5,
  // A guess: five floors of Pis, and those they replaced.
  rememberedMax: 1_024,
  activeWalkLength: 6,
  passiveWalkLength: 3,
  shuffleActive: 3,
  shufflePassive: 4,
  // Not given in the paper; Partisan and barrel_p2p use 10 s and a walk of 6.
  shuffleMs: 10 * SECOND_MS,
  shuffleTtl: 6,
  // A half-open link is found within silentMs + pingMs.
  pingMs: 2 * SECOND_MS,
  silentMs: 6 * SECOND_MS,
  // A guess: how long two views may disagree about a link that works.
  affirmMs: 10 * SECOND_MS,
  // A TLS handshake on a Pi Zero 2 W takes some 50 ms; the rest is a guess for a bad Wi-Fi.
  requestMs: 6 * SECOND_MS,
  // Guesses: a refused or unreachable peer is asked again after 1 s, then 2, 4 ... 60 s.
  retryMs: 1 * SECOND_MS,
  retryMsMax: 60 * SECOND_MS,
  careMs: 1 * SECOND_MS,
  // Lashup probes every 12 s at most; an office should heal while people watch.
  probeMs: 4 * SECOND_MS,
  probeMsMax: 60 * SECOND_MS,
  idleLinkMs: 15 * SECOND_MS,
  // iroh-gossip uses 5, 80 and 40 ms. Ours leave room for a Pi that is busy, and gather what a
  // large office announces: three quarters of its frames were announcements (in simulation).
  ihaveMs: 150,
  // Measured: 32 nodes and ten writes a second come to 1.2 messages a node and write with it. A
  // cable that is pulled is found out by the first announcement after that.
  ihaveSettledMs: 1_500,
  settleMs: 5 * SECOND_MS,
  graftMs: 150,
  graftAgainMs: 75,
  // Deviation: the paper prunes at the first duplicate; with many writers trees then oscillate.
  // Measured in the simulator: 32 nodes, ten writes a second, hops of 10 to 60 ms. With 2 the tree
  // never settled, 4 left news late, from 5 on it holds.
  pruneAfter: 5,
  // Measured in the simulator: without it 32 nodes starting at once pruned every tree link.
  pruneMs: 400,
  // A guess: broadcast does the work, this is the net below it.
  syncMs: 10 * SECOND_MS,
  syncBytesMax: 128 * 1024,
};

/** Longest walk taken from the wire, whatever the message says. */
export const TTL_MAX = 16;
/** Peers in one message: a shuffle's nine, or contacts. */
export const PEERS_MAX = 32;
/** Addresses of one peer. */
export const ADDRESSES_MAX = 8;
/** Rumours in one frame; the rest go in the next. */
export const RUMOURS_MAX = 32;
export const ANNOUNCEMENTS_MAX = 512;
/** Origins in one version vector. */
export const ROWS_MAX = 3_000;
export const DELTA_ENTRIES_MAX = 2_048;
/** One answer about past readings: less than what gossip may wait behind. A guess. */
export const LETTER_BYTES_MAX = 64 * 1024;
