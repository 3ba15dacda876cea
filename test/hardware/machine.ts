import { accessSync, constants, mkdtempSync, readFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { type BoundProcess, endProcess, spawnBound } from "./bound-process.ts";
import type { Order, Outcome } from "./guest/orders.ts";

/** The files that scripts/test-hardware.mjs made, which is how these tests are started. */
export interface MachineFiles {
  readonly kernel: string;
  readonly initramfs: string;
  readonly root: string;
  readonly app: string;
  /** A disk that is written to and outlives the machine. Without it all lives in memory. */
  readonly disk?: string;
  /** A folder that is removed after the tests, however they end. */
  readonly work: string;
}

/** The guest's ports as they are reached from here, on loopback. */
export interface Ports {
  readonly api: number;
  readonly mesh: number;
}

type Accelerator = "kvm" | "tcg";
type OrderBody = Order extends infer One ? (One extends Order ? Omit<One, "id"> : never) : never;

/** 25 s measured without KVM on two busy cores; a loaded machine may need several times that. */
const BOOT_MS_MAX = { kvm: 45_000, tcg: 240_000 } as const;
/** More than the agent gives what it runs. */
const ORDER_MS_MAX = 960_000;
const MEMORY_MB = 768;
const CONSOLE_CHARACTERS_MAX = 100_000;

/** A virtual Pi that runs: QEMU, and our hands inside. */
export class Machine {
  readonly accelerator: Accelerator;
  readonly ports: Ports;
  /** What the guest printed on its serial console. */
  console = "";
  private readonly servers: readonly [hands: Server, box: Server];
  private hands: Socket | undefined;
  private box: Socket | undefined;
  private qemu: BoundProcess | undefined;
  private readonly waiting = new Map<number, (outcome: Outcome) => void>();
  private ready = () => {};
  private orders = 0;

  private constructor(
    private readonly files: MachineFiles,
    accelerator: Accelerator,
    ports: Ports,
  ) {
    this.accelerator = accelerator;
    this.ports = ports;
    this.servers = [
      createServer((socket) => this.listen(socket)),
      createServer((socket) => {
        this.box = socket.on("error", () => socket.destroy()).resume();
      }),
    ];
  }

  /** Boots with KVM where it works, else in software. Throws with the end of the console. */
  static async boot(files: MachineFiles): Promise<Machine> {
    const kinds: Accelerator[] = hasKvm() ? ["kvm", "tcg"] : ["tcg"];
    let reason: unknown;
    for (const accelerator of kinds) {
      const ports = { api: await freePort(), mesh: await freePort() };
      const machine = new Machine(files, accelerator, ports);
      try {
        await machine.start();
        return machine;
      } catch (error) {
        reason = error;
        await machine.stop();
      }
    }
    throw reason;
  }

  /** Ends QEMU as a power cut does, in the midst of whatever is done inside. */
  async cutPower(): Promise<void> {
    this.qemu?.kill("SIGKILL");
    await this.stop();
  }

  /** Ends QEMU, by its own process id. */
  async stop(): Promise<void> {
    await endProcess(this.qemu);
    for (const tell of this.waiting.values()) tell({ ok: false, text: "the machine is gone" });
    this.waiting.clear();
    for (const socket of [this.hands, this.box]) socket?.destroy();
    for (const server of this.servers) await new Promise((resolve) => server.close(resolve));
  }

  /** Has something done inside, by root. Throws where it failed. */
  async order(body: OrderBody): Promise<string> {
    const { ok, text } = await this.attempt(body);
    if (!ok) throw new Error(`${JSON.stringify(body)}: ${text}`);
    return text;
  }

  /** Has something done inside; a failure is an answer too. */
  attempt(body: OrderBody): Promise<Outcome> {
    this.orders += 1;
    const id = this.orders;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`no answer from the virtual Pi to ${JSON.stringify(body)}`));
      }, ORDER_MS_MAX);
      this.waiting.set(id, (outcome) => {
        clearTimeout(limit);
        resolve(outcome);
      });
      this.hands?.write(`${JSON.stringify({ id, ...body })}\n`);
    });
  }

  write(path: string, text: string): Promise<string> {
    return this.order({ do: "write", path, text });
  }

  read(path: string): Promise<string> {
    return this.order({ do: "read", path });
  }

  run(...command: readonly string[]): Promise<string> {
    return this.order({ do: "run", command });
  }

  /** What a shell says; it may take as long as the guest's own limit. */
  shell(script: string): Promise<string> {
    return this.run("sh", "-c", script);
  }

  /** A line from the microcontroller on the Pi's second serial port. */
  say(line: string): void {
    this.box?.write(`${line}\r\n`);
  }

  private async start(): Promise<void> {
    const folder = mkdtempSync(join(this.files.work, "pi-"));
    const [hands, box] = this.servers;
    const sockets = { hands: join(folder, "hands"), box: join(folder, "box") };
    await new Promise<void>((resolve) => hands.listen(sockets.hands, resolve));
    await new Promise<void>((resolve) => box.listen(sockets.box, resolve));
    const limitMs = BOOT_MS_MAX[this.accelerator];
    await new Promise<void>((resolve, reject) => {
      const fail = (what: string) => reject(new Error(`${what}\n${this.console.slice(-3_000)}`));
      const limit = setTimeout(() => fail(`no boot within ${limitMs} ms`), limitMs);
      this.ready = () => {
        clearTimeout(limit);
        resolve();
      };
      const args = qemuArguments(this.accelerator, this.files, this.ports, sockets);
      // It leaves the processor to whoever measures something.
      const qemu = spawnBound(["nice", "-n", "10", "qemu-system-x86_64", ...args]);
      this.qemu = qemu;
      for (const stream of [qemu.stdout, qemu.stderr]) {
        stream.on("data", (chunk) => {
          this.console = (this.console + chunk).slice(-CONSOLE_CHARACTERS_MAX);
        });
      }
      qemu.once("error", ({ message }) => fail(message));
      qemu.once("exit", (code) => {
        clearTimeout(limit);
        fail(`QEMU ended with ${code}`);
      });
    });
  }

  private listen(socket: Socket): void {
    this.hands = socket;
    socket.on("error", () => socket.destroy());
    const lines = createInterface({ input: socket });
    // A machine without power resets it; it hands that on beside the socket.
    lines.on("error", () => socket.destroy());
    lines.on("line", (line) => {
      const message = JSON.parse(line) as { ready: true } | (Outcome & { id: number });
      if ("ready" in message) {
        this.ready();
        return;
      }
      this.waiting.get(message.id)?.(message);
      this.waiting.delete(message.id);
    });
  }
}

function qemuArguments(
  accelerator: Accelerator,
  files: MachineFiles,
  ports: Ports,
  sockets: { readonly hands: string; readonly box: string },
): readonly string[] {
  const forward = (from: number, to: number) => `hostfwd=tcp:127.0.0.1:${from}-:${to}`;
  const drive = (file: string) => ["-drive", `file=${file},format=raw,if=virtio`];
  const disk = (file: string) => ["-drive", `file=${file},format=raw,if=virtio,readonly=on`];
  const written = files.disk === undefined ? "" : " virtual_pi.disk";
  const fast = ["-accel", "kvm", "-cpu", "host"];
  const slow = ["-accel", "tcg,thread=multi", "-cpu", "max"];
  return [
    ...["-machine", "q35", "-smp", "2", "-m", String(MEMORY_MB)],
    ...(accelerator === "kvm" ? fast : slow),
    ...["-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio"],
    ...["-chardev", `socket,id=box,path=${sockets.box}`, "-serial", "chardev:box"],
    ...["-kernel", files.kernel, "-initrd", files.initramfs],
    "-append",
    `console=ttyS0 quiet panic=-1 net.ifnames=0 systemd.show_status=0${written}`,
    ...disk(files.root),
    ...disk(files.app),
    ...(files.disk === undefined ? [] : drive(files.disk)),
    // It reaches nothing but what calls it.
    "-netdev",
    `user,id=lan,restrict=on,${forward(ports.api, 8080)},${forward(ports.mesh, 7946)}`,
    ...["-device", "virtio-net-pci,netdev=lan,romfile="],
    ...["-device", "virtio-serial-pci", "-chardev", `socket,id=hands,path=${sockets.hands}`],
    ...["-device", "virtserialport,chardev=hands,name=virtual-pi"],
  ];
}

/** Some machines show /dev/kvm and can't use it: without the processor's part it only hangs. */
function hasKvm(): boolean {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return /^flags\s*:.*\b(vmx|svm)\b/m.test(readFileSync("/proc/cpuinfo", "utf8"));
  } catch {
    return false;
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
