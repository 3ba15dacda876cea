// Loaded into a node by a test (NODE_OPTIONS=--import=...), so that the node itself knows of no
// faults: at SIGUSR2 it does what the file $FAULT_FILE says.
import { readFileSync } from "node:fs";
import { Server } from "node:http";

let isMute = false;
const { emit } = Server.prototype;
Object.defineProperty(Server.prototype, "emit", {
  value: function muted(this: Server, ...event: readonly unknown[]): boolean {
    return isMute && event[0] === "request" ? true : Reflect.apply(emit, this, event);
  },
});

process.on("SIGUSR2", () => {
  const [fault, ms] = readFileSync(process.env.FAULT_FILE ?? "", "utf8")
    .trim()
    .split(" ");
  if (fault === "mute") isMute = true;
  if (fault === "speak") isMute = false;
  if (fault === "block") {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  }
});
