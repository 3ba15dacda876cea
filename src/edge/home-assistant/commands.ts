import type { TargetSide } from "../../node/read-side.ts";
import type { RoomView } from "../../office/views.ts";
import { isPlausible, type Kind } from "../../reading/kind.ts";
import type { BrokerMessage } from "./broker.ts";
import { targetKinds } from "./devices.ts";
import type { Topics } from "./topics.ts";

/** A number and its sign, and "clear" and "none". */
const TEXT_LENGTH_MAX = 32;
/** Each is synced to the card; the rest waits, the newest for each target. A guess. */
const WRITES_A_LOOK_MAX = 8;
/** Targets that somebody may have named since the last look. A guess. */
const WAITING_MAX = 256;
const CLEARING: readonly string[] = ["none", "clear"];

export interface CommandParts {
  readonly topics: Topics;
  readonly targets: TargetSide;
  /** One line for the log. */
  readonly refused: (reason: string) => void;
}

interface Command {
  readonly room: string;
  readonly kind: Kind;
  /** Undefined clears it. */
  readonly value: number | undefined;
}

/** Targets that are set over MQTT: each the newest word, written by this node in its own name. */
export class Commands {
  private readonly waiting = new Map<string, Command>();

  constructor(private readonly parts: CommandParts) {}

  /** Where it is listened for them. */
  get filter(): string {
    return this.parts.topics.command("+", "+");
  }

  hear({ topic, text, said }: BrokerMessage): void {
    const at = this.parts.topics.commanded(topic);
    if (at === undefined) return;
    // It would be obeyed again with every connection, however old it is.
    if (said === "retained") return this.parts.refused("it is retained: publish it without that");
    const value = valueIn(text);
    if (value === undefined) return this.parts.refused("it is no number, nor none");
    if (this.waiting.size >= WAITING_MAX && !this.waiting.has(topic)) return;
    const isClearing = value === "none";
    this.waiting.set(topic, { ...at, value: isClearing ? undefined : value });
  }

  forget(): void {
    this.waiting.clear();
  }

  /** Writes what was heard, for rooms that are known. Gives how many writes were made. */
  carryOut(rooms: readonly RoomView[]): number {
    let written = 0;
    for (const [topic, command] of this.waiting) {
      if (written >= WRITES_A_LOOK_MAX) break;
      this.waiting.delete(topic);
      if (this.write(command, rooms)) written += 1;
    }
    return written;
  }

  private write({ room, kind, value }: Command, rooms: readonly RoomView[]): boolean {
    const { targets, refused } = this.parts;
    const view = rooms.find((one) => one.room === room);
    if (view === undefined || !targetKinds(view).includes(kind)) {
      refused(`${room} has no target of ${kind}`);
      return false;
    }
    if (value !== undefined && !isPlausible(kind, value)) {
      refused(`${value} can't be a ${kind}`);
      return false;
    }
    const now = targets.get(room, kind);
    if (now?.value === value && (now?.concurrent.length ?? 0) === 0) return false;
    const done = value === undefined ? targets.clear(room, kind) : targets.set(room, kind, value);
    if (!done.ok) refused(done.error.detail);
    return done.ok;
  }
}

function valueIn(text: string): number | "none" | undefined {
  const said = text.trim().toLowerCase();
  if (said === "" || said.length > TEXT_LENGTH_MAX) return undefined;
  if (CLEARING.includes(said)) return "none";
  const value = Number(said);
  return Number.isFinite(value) ? value : undefined;
}
