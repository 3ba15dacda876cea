import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { MeshDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

/** What starting or meeting again may take on a loaded machine. */
export const MEET_MS_MAX = 60_000;

/** Three real nodes of one mesh on loopback; gone when the test ends. */
export class Trio {
  readonly nodes: readonly NodeProcess[];

  private constructor(
    readonly folder: string,
    ports: readonly number[],
  ) {
    const secretFile = join(folder, "mesh.secret");
    writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
    this.nodes = ports.map(
      (meshPort, at) =>
        new NodeProcess({
          name: `pi-${at}`,
          data: join(folder, `data-${at}`),
          secretFile,
          meshPort,
          peerPorts: ports.filter((port) => port !== meshPort),
          sensors: [{ platform: "push", name: "box" }],
        }),
    );
  }

  static async start(context: TestContext): Promise<Trio> {
    const folder = mkdtempSync(join(tmpdir(), "watercooler-trio-"));
    const trio = new Trio(folder, await freePorts(3));
    context.after(async () => {
      await Promise.all(trio.nodes.map((node) => node.end("SIGKILL")));
      rmSync(folder, { recursive: true, force: true });
    });
    for (const node of trio.nodes) node.start();
    await trio.agreed();
    return trio;
  }

  /** Waits until all nodes that run hold the same. */
  agreed(): Promise<number> {
    return until(
      async () => {
        const running = this.nodes.filter(({ isRunning }) => isRunning);
        const meshes = await Promise.all(running.map((node) => node.get<MeshDocument>("/v1/mesh")));
        return meshes.every((one) => one?.nodes === 3 && one.digest === meshes[0]?.digest);
      },
      MEET_MS_MAX,
      "all hold the same",
    );
  }
}
