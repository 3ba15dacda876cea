import type { Check } from "../../node/read-side.ts";
import type { Delivery } from "../delivery.ts";

/** Something that somebody asked in a chat. */
export interface Question {
  /** Tells it from all other messages of its service. */
  readonly message: string;
  /** Without the mention of the bot. */
  readonly text: string;
  readonly channel: string;
  /** The thread that the answer belongs to. */
  readonly thread?: string;
  /** "all": every node with this service hears it. "one": the service chose this one. */
  readonly heardBy: "all" | "one";
  /** Tells the service that it needs no other hearer. */
  done(): void;
}

export interface Post {
  readonly channel: string;
  readonly text: string;
  readonly thread?: string;
}

/** A chat service in which this node has a bot. */
export interface ChatService {
  readonly name: "slack" | "mattermost";
  /** The bot's identity there, the same on all nodes that speak as it; undefined until known. */
  id(): string | undefined;
  /** True while questions and answers get through. */
  connected(): boolean;
  /** Connects, and again whenever the connection is lost. */
  start(onQuestion: (question: Question) => void): void;
  /** Never rejects. */
  post(post: Post): Promise<Delivery>;
  check(): Check;
  stop(): Promise<void>;
}
