import type { ReadingDocument } from "../../api/types.ts";

/** Every word of the page, in one language. A language is one file of this shape. */
export interface Texts {
  readonly skip: string;
  readonly pages: string;
  readonly tabs: Readonly<Record<"office" | "people" | "mesh" | "setup", string>>;
  readonly loading: string;
  readonly nothingYet: string;
  readonly connection: Readonly<Record<"connecting" | "live" | "lost", string>>;
  readonly connectionTitle: string;
  readonly noNodeAnswers: string;
  readonly lastTold: string;
  triesIn(seconds: number): string;
  readonly triesNow: string;
  readonly anyOther: string;
  goesOn(lost: string, other: string): string;
  openPage(name: string): string;
  nodesAlive(alive: number, all: number): string;
  news(name: string, what: "joined" | "back" | "silent" | "left"): string;
  noServer(name: string): string;
  readonly metrics: string;
  readonly state: string;
  readonly stateHash: string;

  readonly preferences: string;
  readonly language: string;
  readonly colours: string;
  readonly themes: Readonly<Record<"auto" | "light" | "dark", string>>;

  readonly rooms: string;
  readonly kinds: Readonly<Record<ReadingDocument["kind"], string>>;
  readonly air: Readonly<Record<"fine" | "poor" | "bad", string>>;
  readonly moves: string;
  readonly still: string;
  readonly yes: string;
  readonly no: string;
  readonly justNow: string;
  ago(span: string): string;
  readonly stale: string;
  staleFor(span: string): string;
  readonly simulated: string;
  readonly noReadings: string;
  readonly noSensors: string;
  readonly seeFound: string;
  readonly asPlan: string;
  readonly inThisRoom: string;
  dayRange(least: string, most: string): string;

  readonly target: string;
  readonly setTarget: string;
  readonly lower: string;
  readonly raise: string;
  readonly onTarget: string;
  above(difference: string): string;
  below(difference: string): string;
  alsoSet(value: string, by: string): string;
  alsoCleared(by: string): string;
  readonly mayNotWrite: string;
  readonly noAnswer: string;

  readonly ask: string;
  readonly askExamples: string;

  readonly whosIn: string;
  readonly nobodyKnown: string;
  readonly nobodyTied: string;
  unknownDevices(count: number): string;
  peopleIn(count: number): string;
  readonly isIn: string;
  readonly isOut: string;
  since(time: string): string;
  lastSeen(time: string): string;
  readonly neverSeen: string;
  conflict(names: string): string;
  claimedBy(names: string): string;
  readonly thisIsMyPhone: string;
  readonly whyTie: string;
  readonly looking: string;
  readonly lookAgain: string;
  readonly yourDevice: string;
  tiedTo(name: string): string;
  readonly yourName: string;
  readonly thatsMe: string;
  addressChanged(name: string): string;
  itsMe(name: string): string;
  tied(name: string): string;
  readonly forgetMe: string;
  readonly forgotten: string;
  readonly privateAddress: string;
  readonly iphone: string;
  readonly android: string;

  readonly whoTalks: string;
  readonly alone: string;
  readonly nodes: string;
  readonly thisNode: string;
  readonly states: Readonly<Record<"alive" | "silent" | "retired", string>>;
  readonly room: string;
  readonly sensors: string;
  readonly version: string;
  readonly latency: string;
  readonly path: string;
  readonly paths: Readonly<Record<"eager" | "lazy" | "relayed", string>>;
  overlay(nodes: number, links: number, silent: number): string;
}
