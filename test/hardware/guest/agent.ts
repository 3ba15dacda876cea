import { spawn } from "node:child_process";
import { open, readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Order, Outcome } from "./orders.ts";

// The test's hands inside the virtual Pi: takes orders as JSON lines from the port to the host, and
// answers each with its own number. It imports nothing of the project.

const PORT = "/dev/virtio-ports/virtual-pi";
/** An installation took over 300 s without KVM, on a machine that did much else. */
const RUN_MS_MAX = 900_000;

const port = await open(PORT, "r+");
const out = port.createWriteStream({ autoClose: false });
const say = (message: object) => out.write(`${JSON.stringify(message)}\n`);

function run([file = "", ...args]: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ["ignore", "pipe", "pipe"], timeout: RUN_MS_MAX });
    let text = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk) => {
        text += chunk;
      });
    }
    child.once("error", ({ message }) => resolve({ ok: false, text: message }));
    child.once("close", (code) => resolve({ ok: code === 0, text }));
  });
}

async function request(method: string, url: string, body: string | undefined): Promise<Outcome> {
  const headers = { "content-type": "application/json" };
  const init = body === undefined ? { method } : { method, headers, body };
  const response = await fetch(url, init);
  return { ok: response.ok, text: await response.text() };
}

async function carryOut(order: Order): Promise<Outcome> {
  switch (order.do) {
    case "write":
      await writeFile(order.path, order.text);
      return { ok: true, text: "" };
    case "read":
      return { ok: true, text: await readFile(order.path, "utf8") };
    case "run":
      return run(order.command);
    case "request":
      return request(order.method, order.url, order.body);
  }
}

say({ ready: true });
for await (const line of createInterface({ input: port.createReadStream({ autoClose: false }) })) {
  const order = JSON.parse(line) as Order;
  carryOut(order)
    .catch((error: Error): Outcome => ({ ok: false, text: error.message }))
    .then((outcome) => say({ ...outcome, id: order.id }));
}
