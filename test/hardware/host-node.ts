import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { enrol } from "../../src/trust/enrol.ts";
import { makeRootKey } from "../../src/trust/root-key.ts";
import { type BoundProcess, endProcess, spawnBound } from "./bound-process.ts";
import { freePort } from "./machine.ts";

const PROGRAM = fileURLToPath(new URL("../../../../bin/watercooler.js", import.meta.url));

/** Another node of the same mesh, on the test's own machine, which calls the virtual Pi. */
export class HostNode {
  readonly url: string;
  log = "";
  private process: BoundProcess | undefined;
  private readonly root = makeRootKey().root;

  private constructor(
    private readonly folder: string,
    ports: { readonly api: number; readonly mesh: number; readonly peer: number },
  ) {
    this.url = `http://127.0.0.1:${ports.api}`;
    const config = {
      node: { name: "desk", room: "desk" },
      data: join(folder, "data"),
      mesh: {
        listen: `127.0.0.1:${ports.mesh}`,
        peers: [`127.0.0.1:${ports.peer}`],
        discovery: "off",
      },
      api: { listen: `127.0.0.1:${ports.api}` },
      sensors: [{ platform: "push", name: "box" }],
      neighbours: { record: "none" },
    };
    writeFileSync(join(folder, "watercooler.yaml"), JSON.stringify(config));
    enrol(config.data, this.root);
  }

  static async start(peer: number, work: string): Promise<HostNode> {
    const folder = mkdtempSync(join(work, "desk-"));
    const node = new HostNode(folder, { api: await freePort(), mesh: await freePort(), peer });
    const command = [process.execPath, PROGRAM, "up", "--config", join(folder, "watercooler.yaml")];
    node.process = spawnBound(command);
    node.process.stdout.resume();
    node.process.stderr.on("data", (chunk) => {
      node.log += chunk;
    });
    return node;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  /** The files that make another machine a member of the same mesh, by name. */
  membership(): Readonly<Record<string, string>> {
    const made = join(this.folder, "pi");
    enrol(made, this.root);
    const files = ["identity.pem", "membership.json"];
    return Object.fromEntries(files.map((file) => [file, readFileSync(join(made, file), "utf8")]));
  }

  async stop(): Promise<void> {
    await endProcess(this.process);
  }
}
