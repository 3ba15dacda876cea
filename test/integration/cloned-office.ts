import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MeshDocument, ReadingDocument } from "../../src/api/types.ts";
import { generateKeyPem } from "../../src/trust/identity.ts";
import { until } from "./lan.ts";
import { freePorts, NodeProcess } from "./node-process.ts";

/** A loaded machine starts a node in some seconds. */
export const START_MS_MAX = 30_000;

interface Health {
  readonly checks: Readonly<Record<string, { status: string; detail: string }>>;
}

/** Three nodes of one mesh, and a fourth that starts from a copy of the first one's card. */
export class ClonedOffice {
  private constructor(
    readonly folder: string,
    readonly original: NodeProcess,
    readonly witnesses: readonly [NodeProcess, NodeProcess],
    readonly copy: NodeProcess,
  ) {}

  /** `copyPrefix` tells what the copy's process is started with, for files in a folder. */
  static async make(
    copyPrefix: (folder: string) => readonly string[] = () => [],
  ): Promise<ClonedOffice> {
    const folder = mkdtempSync(join(tmpdir(), "watercooler-clone-"));
    const secretFile = join(folder, "mesh.secret");
    writeFileSync(secretFile, generateKeyPem(), { mode: 0o600 });
    const ports = await freePorts(4);
    // The two of one card don't know of each other.
    const shared = { secretFile, peerPorts: ports.slice(1, 3) };
    const sensors = ["box", "shelf"].map((name) => ({ platform: "push", name }));
    const [original, first, second, copy] = [
      { name: "original", data: "original" },
      { name: "first", data: "first" },
      { name: "second", data: "second" },
      // A copied card has its configuration too.
      { name: "original", data: "copy", prefix: copyPrefix(folder) },
    ].map(({ data, ...plan }, at) => {
      const meshPort = ports[at] ?? 0;
      return new NodeProcess({ ...shared, ...plan, data: join(folder, data), meshPort, sensors });
    }) as [NodeProcess, NodeProcess, NodeProcess, NodeProcess];
    return new ClonedOffice(folder, original, [first, second], copy);
  }

  get nodes(): readonly NodeProcess[] {
    return [this.original, ...this.witnesses, this.copy];
  }

  /** Starts the nodes and waits until they agree. */
  async start(...nodes: readonly NodeProcess[]): Promise<void> {
    for (const node of nodes) node.start();
    const running = this.nodes.filter(({ isRunning }) => isRunning);
    try {
      await until(() => agree(running), START_MS_MAX, "agreement");
    } catch (error) {
      for (const { plan, log } of running) console.log(`# log of ${plan.data}\n${log}`);
      throw error;
    }
  }

  copyData(from: string, to: string): void {
    rmSync(join(this.folder, to), { recursive: true, force: true });
    cpSync(join(this.folder, from), join(this.folder, to), { recursive: true });
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.end("SIGKILL")));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Whether the nodes hold the same, of all of them. */
export async function agree(nodes: readonly NodeProcess[]): Promise<boolean> {
  const meshes = await Promise.all(nodes.map((node) => node.get<MeshDocument>("/v1/mesh")));
  const [first] = meshes;
  return meshes.every(
    (mesh) =>
      mesh !== undefined && mesh.digest === first?.digest && mesh.active.length >= nodes.length - 1,
  );
}

/** What a node's health says of identities, where something is wrong with one. */
export async function cloneAlarm(node: NodeProcess): Promise<string | undefined> {
  const check = (await node.get<Health>("/v1/health"))?.checks.identity;
  return check?.status === "degraded" ? check.detail : undefined;
}

/** The newest value of one of the original's sensors, as a node knows it. */
export async function valueAt(
  node: NodeProcess,
  sensor: string,
): Promise<number | boolean | undefined> {
  const all = (await node.get<ReadingDocument[]>("/v1/readings")) ?? [];
  return all.find((one) => one.sensor.endsWith(`/${sensor}`))?.value;
}

/** Whether something holds for each of them. */
export async function holdsFor<T>(
  all: readonly T[],
  holds: (one: T) => Promise<boolean>,
): Promise<boolean> {
  return (await Promise.all(all.map(holds))).every(Boolean);
}
