import assert from "node:assert/strict";
import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { HealthDocument } from "../../src/api/types.ts";
import { MattermostStandIn } from "./chat-mattermost.ts";
import { SlackStandIn } from "./chat-slack.ts";
import { type Called, HttpSink, MqttSink } from "./edge-sinks.ts";
import type { NodeProcess } from "./node-process.ts";
import { threeRooms, until } from "./three-rooms.ts";

export const HOT = "Turn the AC on.";
export const SECRET = "much hidden";
export const HOOK = "/hook?key=hidden";
/** In /proc/net/tcp. */
const ESTABLISHED = "01";

/** Three real nodes that announce everywhere and are in two chats, and what stands in for those. */
export class EdgeOffice {
  nodes: readonly NodeProcess[] = [];
  readonly http = new HttpSink();
  readonly broker = new MqttSink();

  private constructor(
    public slack: SlackStandIn,
    public mattermost: MattermostStandIn,
  ) {}

  static async start(context: TestContext): Promise<EdgeOffice> {
    const office = new EdgeOffice(await SlackStandIn.start(), await MattermostStandIn.start());
    const folder = mkdtempSync(join(tmpdir(), "watercooler-edge-"));
    context.after(async () => {
      const { slack, mattermost, http, broker } = office;
      await Promise.all([slack, mattermost, http, broker].map((standIn) => standIn.stop()));
      rmSync(folder, { recursive: true, force: true });
    });
    const secretFile = join(folder, "secret");
    writeFileSync(secretFile, `${SECRET}\n`);
    const { nodes } = await threeRooms(context, await office.settings(secretFile));
    office.nodes = nodes;
    await office.connected();
    return office;
  }

  get living(): readonly NodeProcess[] {
    return this.nodes.filter(({ isRunning }) => isRunning);
  }

  /** Waits until a check of every living node's health says something. */
  async checked(name: string, says: RegExp): Promise<void> {
    await until(`${name}: ${says}`, async () => {
      const all = await Promise.all(
        this.living.map((node) => node.get<HealthDocument>("/v1/health")),
      );
      return all.every((one) => {
        const check = one?.checks[name];
        return says.test(`${check?.status} ${check?.detail}`);
      });
    });
  }

  async connected(): Promise<void> {
    await this.checked("chat slack", /^ok connected as watercooler/);
    await this.checked("chat mattermost", /^ok connected as watercooler/);
  }

  async kitchenIs(value: number): Promise<void> {
    const kitchen = this.nodes.find(({ plan }) => plan.name === "kitchen");
    assert.equal(await kitchen?.push("box", value), 202);
    await until(`the kitchen has ${value} degrees`, async () => {
      const rooms = await Promise.all(this.nodes.map((node) => node.text("/v1/rooms/kitchen")));
      return rooms.every((text) => text.includes(`"value":${value},`));
    });
  }

  called(path: string): readonly Called[] {
    return this.http.calls.filter((one) => one.path === path);
  }

  /** How often each place was told, by those that took it. */
  heard(): readonly number[] {
    const { slack, mattermost, broker } = this;
    return [
      this.called(HOOK).filter(({ status }) => status === 200).length,
      this.called("/topic").length,
      broker.published.length,
      slack.posts.filter(({ channel }) => channel === "#office").length,
      mattermost.posts.filter(({ message }) => message === `Kitchen: ${HOT}`).length,
    ];
  }

  /** The process that has a connection of this machine from a port. */
  nodeAt(port: number): NodeProcess | undefined {
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const inode = readFileSync("/proc/net/tcp", "utf8")
      .split("\n")
      .map((line) => line.trim().split(/\s+/))
      .find(([, local, , state]) => local === `0100007F:${hex}` && state === ESTABLISHED)?.[9];
    return this.living.find(({ pid }) => {
      const folder = `/proc/${pid}/fd`;
      return readdirSync(folder).some((fd) => linkOf(join(folder, fd)) === `socket:[${inode}]`);
    });
  }

  private async settings(secretFile: string): Promise<object> {
    const { slack, mattermost } = this;
    const [hook, mqtt] = [await this.http.start(), await this.broker.start()];
    const slackTokens = { app_token: "xapp-good", bot_token: "xoxb-good" };
    return {
      chat: {
        slack: { ...slackTokens, api_url: slack.api, channel: "#office" },
        mattermost: { url: mattermost.url, token: "good", channel: "office/town-square" },
      },
      announce: [
        { to: "webhook", url: hook + HOOK, secret_file: secretFile, rooms: ["kitchen"] },
        { to: "ntfy", url: `${hook}/topic`, token: "tk_hidden", kinds: ["temperature"] },
        { to: "ntfy", url: `${hook}/other`, rooms: ["open-space"] },
        { to: "mqtt", url: mqtt, username: "pi", password: "good" },
        { to: "slack" },
        { to: "mattermost" },
      ],
      advice: [{ kind: "temperature", above: 24, hysteresis: 0.5, say: HOT }],
    };
  }
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
