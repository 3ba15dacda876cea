import type { HealthDocument, SelfDocument } from "../../src/api/types.ts";
import type { Outcome } from "../hardware/guest/orders.ts";
import { Machine, type MachineFiles } from "../hardware/machine.ts";
import { get, until } from "../hardware/watching.ts";

/** What scripts/test-install.mjs made, which is how these tests are started. */
export interface InstallFiles extends MachineFiles {
  readonly disk: string;
  /** Two builds of the package, the former first. */
  readonly versions: readonly [string, string];
}

/** Several times what anything takes here without KVM, for a machine that does other things too. */
export const WAIT_MS_MAX = 240_000;
const PACKAGES = "/opt/virtual-pi";
const API = "http://127.0.0.1:8080";
const REVISION_KEYS = ["ActiveState", "NRestarts", "MainPID", "Result"] as const;

export type UnitState = Readonly<Record<(typeof REVISION_KEYS)[number], string>>;

/** A Pi whose disk outlives it, with what the test does to the package and the service on it. */
export class InstalledPi {
  private constructor(
    private readonly files: InstallFiles,
    private machine: Machine,
  ) {}

  static async boot(files: InstallFiles): Promise<InstalledPi> {
    return new InstalledPi(files, await Machine.boot(files));
  }

  /** Cuts the power, whatever is being written, and boots from the same disk. */
  async cutPower(): Promise<void> {
    await this.machine.cutPower();
    this.machine = await Machine.boot(this.files);
  }

  stop(): Promise<void> {
    return this.machine.stop();
  }

  shell(script: string): Promise<string> {
    return this.machine.shell(script);
  }

  /** What a shell says, and whether it says it gladly. */
  attempt(script: string): Promise<Outcome> {
    return this.machine.attempt({ do: "run", command: ["sh", "-c", script] });
  }

  write(path: string, text: string): Promise<string> {
    return this.machine.write(path, text);
  }

  /** Asks the node from its own machine; throws where it refuses. */
  ask(method: string, path: string, body?: object): Promise<string> {
    const said = body === undefined ? {} : { body: JSON.stringify(body) };
    return this.machine.order({ do: "request", method, url: `${API}${path}`, ...said });
  }

  install(version: string): Promise<string> {
    return this.apt(`install ${PACKAGES}/watercooler_${version}_amd64.deb`);
  }

  apt(what: string): Promise<string> {
    return this.shell(`DEBIAN_FRONTEND=noninteractive apt-get -y ${what} 2>&1`);
  }

  /** The node's own document, as the LAN is told; undefined while it does not answer. */
  self(): Promise<SelfDocument | undefined> {
    return get<SelfDocument>(`http://127.0.0.1:${this.machine.ports.api}/v1/node`);
  }

  health(): Promise<HealthDocument | undefined> {
    return get<HealthDocument>(`http://127.0.0.1:${this.machine.ports.api}/v1/health`);
  }

  /** Waits until the node answers; throws with its journal. */
  async answers(): Promise<SelfDocument> {
    return until(
      () => this.self(),
      WAIT_MS_MAX,
      () => "the node's API",
    ).catch(async (error: Error) => {
      throw new Error(`${error.message}\n${await this.journal()}`);
    });
  }

  journal(): Promise<string> {
    return this.shell("systemctl status watercooler --no-pager -l -n 40 || true");
  }

  async unit(): Promise<UnitState> {
    const keys = REVISION_KEYS.map((key) => `-p ${key}`).join(" ");
    const text = await this.shell(`systemctl show watercooler ${keys}`);
    const found = REVISION_KEYS.map((key) => [
      key,
      new RegExp(`^${key}=(.*)$`, "m").exec(text)?.[1],
    ]);
    return Object.fromEntries(found);
  }

  /** Waits until systemd has started the service anew since `before`, and the node answers. */
  async comesBack(before: UnitState): Promise<SelfDocument> {
    await until(
      async () => {
        const now = await this.unit();
        return now.ActiveState === "active" && now.MainPID !== before.MainPID;
      },
      WAIT_MS_MAX,
      () => "a restart by systemd",
    );
    return this.answers();
  }

  /** All paths on the disk, what the kernel and the test itself show left out. */
  async paths(): Promise<ReadonlySet<string>> {
    const text = await this.shell("find / -xdev -not -path '/tmp/*' -not -path '/run/*' | sort");
    return new Set(text.trim().split("\n"));
  }
}
