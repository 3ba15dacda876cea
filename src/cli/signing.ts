import type { HeldGrant } from "../api/signed-request.ts";
import { type NodeId, parseNodeId } from "../base/id.ts";
import { CliError, EXIT } from "./deps.ts";

/** A `Date` header has whole seconds: on average it is half of one old. */
const HALF_SECOND_MS = 500;

/** Where a request goes, and what time it is there. */
export interface Place {
  readonly id: unknown;
  /** The node's `Date` header. */
  readonly date: string | undefined;
}

/** Signs requests to one node with a grant, by that node's clock. */
export class RequestSigner {
  private opened: Promise<Opened> | undefined;

  constructor(
    private readonly text: () => Promise<string>,
    private readonly place: () => Promise<Place>,
  ) {}

  /** The header for a request; undefined where the grant does not cover it. */
  async header(method: string, target: string, body: string): Promise<string | undefined> {
    this.opened ??= this.open();
    const { grant, node, aheadMs } = await this.opened;
    const { signedFor } = await import("./grant-key.ts");
    const at = { node, nowS: Math.floor((Date.now() + aheadMs) / 1_000) };
    const token = signedFor(grant, at, { method, target, body: new TextEncoder().encode(body) });
    return token && `Bearer ${token}`;
  }

  private async open(): Promise<Opened> {
    const { readGrant } = await import("./grant-key.ts");
    const grant = readGrant(await this.text());
    if (!grant.ok) throw new CliError(EXIT.usage, grant.error);
    const { id, date } = await this.place();
    const node = typeof id === "string" ? parseNodeId(id) : undefined;
    if (node === undefined) throw new CliError(EXIT.failed, "the node does not say who it is");
    const theirMs = Date.parse(date ?? "");
    const aheadMs = Number.isNaN(theirMs) ? 0 : theirMs + HALF_SECOND_MS - Date.now();
    return { grant: grant.value, node, aheadMs };
  }
}

interface Opened {
  readonly grant: HeldGrant;
  readonly node: NodeId;
  /** How far the node's clock is ahead of ours. */
  readonly aheadMs: number;
}
