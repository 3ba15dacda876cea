import type { Random } from "../base/random.ts";
import { type Millis, SECOND_MS } from "../base/time.ts";
import { LINK_TYPES } from "./links.ts";
import { Mesh } from "./mesh.ts";
import { areTexts, type Body, ERROR, parseEnvelope, RequestError } from "./protocol.ts";
import type { Setting } from "./settings.ts";
import type { Timing } from "./timing.ts";
import type { Workload } from "./workloads.ts";

/**
 * From "init" until the others are looked for. Maelstrom starts all processes side by side, and
 * stops reading a node that writes to one not yet started.
 */
const START_MS: Millis = SECOND_MS;
/** "init" is answered once every node was heard of, or after this: half of what Maelstrom waits. */
const INIT_MS_MAX: Millis = 5 * SECOND_MS;
const INIT_CHECK_MS: Millis = 50;

export interface ServerOptions {
  readonly workload: Workload;
  readonly setting: Setting;
  readonly timing: Timing;
  readonly random: Random;
  /** Writes one line to standard output. */
  write(line: string): void;
}

/** One node as Maelstrom sees it: lines in, lines out. */
export class Server {
  private name = "";
  private mesh: Mesh | undefined;
  private readonly linkTypes = new Set(Object.values(LINK_TYPES));
  /** Lines that were no message. */
  unread = 0;

  constructor(private readonly options: ServerOptions) {}

  line(text: string): void {
    const envelope = parseEnvelope(text);
    if (envelope === undefined) {
      this.unread += 1;
      return;
    }
    const { src, body } = envelope;
    if (this.linkTypes.has(body.type)) this.mesh?.receive(src, body);
    else if (body.in_reply_to === undefined) this.answer(src, body);
  }

  private answer(to: string, request: Body): void {
    const { msg_id: in_reply_to } = request;
    try {
      const reply = request.type === "init" ? this.init(request) : this.reply(request);
      const send = () => this.send(to, { type: `${request.type}_ok`, in_reply_to, ...reply });
      if (request.type === "init") this.onceWhole(send);
      else send();
    } catch (error) {
      if (!(error instanceof RequestError)) throw error;
      this.send(to, { type: "error", in_reply_to, code: error.code, text: error.message });
    }
  }

  private reply(request: Body): object {
    if (this.mesh === undefined) {
      throw new RequestError(ERROR.temporarilyUnavailable, 'there was no "init" yet');
    }
    // A hint that is not needed: HyParView finds neighbours of its own among all nodes.
    if (request.type === "topology") return {};
    const reply = this.options.workload(this.mesh, request);
    if (reply !== undefined) return reply;
    throw new RequestError(ERROR.notSupported, `"${request.type}" is not of this workload`);
  }

  private init({ node_id: self, node_ids: nodes }: Body): object {
    if (this.mesh !== undefined) throw new RequestError(ERROR.abort, "it has begun already");
    if (typeof self !== "string" || !areTexts(nodes)) {
      throw new RequestError(ERROR.malformedRequest, '"node_id" and "node_ids" are needed');
    }
    const { setting, timing, random } = this.options;
    this.name = self;
    const send = (to: string, body: Body) => this.send(to, body);
    const mesh = new Mesh({ self, nodes, setting, timing, random, send });
    this.mesh = mesh;
    timing.after(START_MS, () => mesh.start());
    return {};
  }

  /** So that a bench begins with a mesh, as an office does, not with nodes that never met. */
  private onceWhole(then: () => void): void {
    const { timing } = this.options;
    const untilMs = timing.nowMs() + INIT_MS_MAX;
    const check = () => {
      const done = this.mesh?.isWhole() === true || timing.nowMs() >= untilMs;
      if (done) then();
      else timing.after(INIT_CHECK_MS, check);
    };
    check();
  }

  private send(dest: string, body: Body): void {
    this.options.write(JSON.stringify({ src: this.name, dest, body }));
  }
}
