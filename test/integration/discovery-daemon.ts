import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { type Lan, until } from "./discovery-lan.ts";
import { enrolIn } from "./enrolled.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));

/** What of `GET /v1/mesh` is looked at here. */
export interface MeshDocument {
  readonly self: string;
  readonly active: readonly string[];
  readonly links: readonly { readonly id: string; readonly address: string }[];
}

/** A folder for the daemons of one test, with their mesh's secret. */
export class Daemons {
  readonly secretPem = generateKeyPem();
  private readonly folder = mkdtempSync(join(tmpdir(), "watercooler-discovery-"));

  constructor(private readonly lan: Lan) {
    writeFileSync(join(this.folder, "secret"), this.secretPem, { mode: 0o600 });
  }

  /** A daemon on a host of the LAN, with `mesh` as its configuration's part of that name. */
  start(at: number, mesh: object = {}): Daemon {
    const path = join(this.folder, `${at}.yaml`);
    const config = {
      node: { name: `pi-${at}`, room: `room-${at}` },
      data: join(this.folder, `data-${at}`),
      mesh,
      neighbours: { record: "none" },
    };
    writeFileSync(path, JSON.stringify(config));
    enrolIn(config.data, join(this.folder, "secret"));
    return new Daemon(this.lan.space(at), path);
  }

  /** To be called once the LAN, and with it the daemons, is gone. */
  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A whole node in a process and network namespace of its own. */
export class Daemon {
  log = "";
  private readonly child: ChildProcess;

  constructor(
    private readonly space: string,
    configPath: string,
  ) {
    const words = [process.execPath, PROGRAM, "up", "--config", configPath];
    const stdio: ["ignore", "ignore", "pipe"] = ["ignore", "ignore", "pipe"];
    this.child = spawn("ip", ["netns", "exec", space, ...words], { stdio });
    this.child.stderr?.on("data", (chunk) => {
      this.log += chunk;
    });
  }

  /** A document of its API; undefined while it does not answer. */
  get<T>(path: string): T | undefined {
    const text = this.text(path);
    return text === "" ? undefined : (JSON.parse(text) as T);
  }

  text(path: string): string {
    const words = ["curl", "-s", "-m", "3", `http://127.0.0.1:8080${path}`];
    return spawnSync("ip", ["netns", "exec", this.space, ...words], { encoding: "utf8" }).stdout;
  }

  mesh(): MeshDocument | undefined {
    return this.get<MeshDocument>("/v1/mesh");
  }

  /** Its identity, once it runs. */
  async id(): Promise<string> {
    return until(() => {
      if (this.child.exitCode !== null) throw new Error(`the daemon ended: ${this.log}`);
      return this.mesh()?.self;
    }, "a daemon to answer");
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null) return;
    const gone = once(this.child, "exit");
    this.child.kill("SIGTERM");
    await gone;
  }
}
