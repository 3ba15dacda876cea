import { connect } from "node:net";
import { type Api, createApi } from "../../src/api/server.ts";
import { splitAddress } from "../../src/base/id.ts";
import { ok } from "../../src/base/result.ts";
import { KIND_NAMES } from "../../src/reading/kind.ts";
import { FakeOffice } from "../integration/api-fake-office.ts";
import { systemClock } from "../integration/api-harness.ts";
import { type FuzzTarget, hold } from "./target.ts";

/** The office behind the door: it takes all writes and keeps none. */
class Forgetful extends FakeOffice {
  readonly targets = {
    get: () => undefined,
    set: (room: string, kind: never, value: number) =>
      ok({ room, kind, value, by: "did:key:z1", atWallMs: 0, concurrent: [] } as never),
    clear: () => ok(undefined),
  };
  readonly people = {
    list: () => [],
    register: () => ok(undefined),
    unregister: () => ok(undefined),
    caller: () => undefined,
  };
  override push() {
    return ok(undefined);
  }
  calibrate(sensor: string, { kind }: { kind: (typeof KIND_NAMES)[number] }) {
    return ok({ sensor, kind, offset: 0 });
  }
}

interface Served {
  readonly api: Api;
  readonly port: number;
  /** What the node said went wrong in it. */
  readonly failures: string[];
}

let serving: Promise<Served> | undefined;

function served(): Promise<Served> {
  serving ??= serve();
  return serving;
}

async function serve(): Promise<Served> {
  const failures: string[] = [];
  const log = {
    write: (level: string, message: string, fields: object = {}) =>
      failures.push(`${level} ${message} ${JSON.stringify(fields)}`),
  };
  const common = { hosts: [], read: "lan", clock: systemClock, log } as const;
  const api = createApi({ ...common, listen: "127.0.0.1:0", readSide: new Forgetful() });
  const [address = ""] = await api.start();
  return { api, port: splitAddress(address)?.port ?? 0, failures };
}

async function close(): Promise<void> {
  const open = await serving;
  serving = undefined;
  await open?.api.stop();
}

/** Sends bytes and says that there are no more; gives what came back. */
function exchange(port: number, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    let got = "";
    const socket = connect({ port, host: "127.0.0.1", noDelay: true }, () => {
      socket.end(bytes);
    });
    socket.on("data", (chunk) => {
      if (got.length < 65_536) got += chunk.toString("latin1");
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
}

function judge(got: string, failures: readonly string[]): void {
  hold(failures.length === 0, `the node failed: ${failures.join()}`);
  hold(got === "" || /^HTTP\/1\.1 [1-5]\d\d /.test(got), "an answer that is not HTTP");
  hold(!/^HTTP\/1\.1 500/m.test(got), "an answer of 500");
}

/** Whatever comes in on the port. */
const raw: FuzzTarget = {
  name: "http",
  form: "text",
  words: ["GET", "POST", "HTTP/1.1", "Host", "Content-Length", "chunked", "Upgrade", "websocket"],
  take: async (input) => {
    const { port, failures } = await served();
    judge(await exchange(port, input), failures);
  },
  close,
};

/** A request well put: method, path and query in the first line, then the body. */
const requests: FuzzTarget = {
  name: "http-request",
  form: "text",
  words: ["PUT", "DELETE", "/v1/targets/", "/v1/people/", "value", "sensor", "kind", ...KIND_NAMES],
  take: async (input) => {
    const { port, failures } = await served();
    const text = Buffer.from(input).toString("latin1");
    const [line = "", ...rest] = text.split("\n");
    const [method = "GET", path = "/"] = line.split(" ");
    const clean = (part: string) => part.replace(/[^\x21-\x7e]/g, (letter) => percent(letter));
    const body = Buffer.from(rest.join("\n"), "latin1");
    const head = [
      `${method.replace(/[^A-Z]/g, "") || "GET"} /${clean(path).replace(/^\//, "")} HTTP/1.1`,
      "Host: localhost",
      "Content-Type: application/json",
      `Content-Length: ${body.length}`,
      "Connection: close",
      "",
      "",
    ].join("\r\n");
    judge(await exchange(port, Buffer.concat([Buffer.from(head, "latin1"), body])), failures);
  },
  close,
};

function percent(letter: string): string {
  return `%${(letter.charCodeAt(0) & 0xff).toString(16).padStart(2, "0")}`;
}

export const HTTP_TARGETS = [raw, requests];
