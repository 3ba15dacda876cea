import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type MqttClient } from "mqtt";
import { freePorts } from "./node-process.ts";
import { until } from "./three-rooms.ts";

export const USER = "pi";
export const PASSWORD = "much hidden";

/** Why the broker's tests can't run here; false where they can. */
export function noMosquitto(): string | false {
  const isThere = (program: string, flag: string) => !spawnSync(program, [flag]).error;
  if (isThere("mosquitto", "-h") && isThere("openssl", "version")) return false;
  return "needs mosquitto and openssl";
}

/** Debian's broker on loopback: TLS and a login for the Pis, a plain listener for the test. */
export class Mosquitto {
  readonly folder = mkdtempSync(join(tmpdir(), "watercooler-broker-"));
  readonly caFile = join(this.folder, "ca.pem");
  readonly passwordFile = join(this.folder, "password");
  private child: ChildProcess | undefined;

  private constructor(
    private readonly plainPort: number,
    private readonly tlsPort: number,
  ) {}

  static async prepare(): Promise<Mosquitto> {
    const [plain = 0, tls = 0] = await freePorts(2);
    const broker = new Mosquitto(plain, tls);
    broker.configure();
    return broker;
  }

  get url(): string {
    return `mqtts://localhost:${this.tlsPort}`;
  }

  async start(): Promise<void> {
    // Debian's program drops root for a user who may not read this folder; "user root" keeps it.
    const child = spawn("mosquitto", ["-c", join(this.folder, "broker.conf")], {
      stdio: "ignore",
      env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
    });
    this.child = child;
    await until("the broker answers", async () => {
      if (child.exitCode !== null) throw new Error(`mosquitto ended with ${child.exitCode}`);
      const client = await this.client().catch(() => undefined);
      await client?.endAsync();
      return client !== undefined;
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null) return;
    await new Promise((resolve) => {
      child.once("exit", resolve);
      child.kill("SIGTERM");
    });
  }

  async end(): Promise<void> {
    await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A client of the plain listener. */
  async client(): Promise<MqttClient> {
    const url = `mqtt://127.0.0.1:${this.plainPort}`;
    const client = connect(url, { reconnectPeriod: 0 });
    return new Promise((resolve, reject) => {
      client.once("connect", () => resolve(client));
      client.once("error", (error) => reject(error));
      client.once("close", () => reject(new Error("closed")));
    });
  }

  private configure(): void {
    const at = (name: string) => join(this.folder, name);
    const [key, certificate, passwords] = [at("key.pem"), this.caFile, at("passwords")];
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = ["-keyout", key, "-out", certificate, "-days", "2", "-nodes", "-batch"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...made, ...subject], { stdio: "ignore" });
    execFileSync("mosquitto_passwd", ["-b", "-c", passwords, USER, PASSWORD], { stdio: "ignore" });
    writeFileSync(this.passwordFile, `${PASSWORD}\n`);
    const lines = [
      "per_listener_settings true",
      ...(process.getuid?.() === 0 ? ["user root"] : []),
      `listener ${this.plainPort} 127.0.0.1`,
      "allow_anonymous true",
      `listener ${this.tlsPort} 127.0.0.1`,
      "allow_anonymous false",
      `password_file ${passwords}`,
      `certfile ${certificate}`,
      `keyfile ${key}`,
    ];
    writeFileSync(at("broker.conf"), `${lines.join("\n")}\n`);
  }
}
